/** A site as the law sees it: what it is and why, who runs it, and the plan by which its cameras are judged. */
import { Link, useParams } from '@tanstack/react-router';
import { Checkbox, Form, Select } from 'antd';
import { useState } from 'react';
import { collect } from '../../../src/contract/index.ts';
import {
  localDay,
  ownerKinds,
  type Profile,
  placeClass,
  placeClasses,
  placeTypeOf,
  profileOf,
  profilesOf,
  sayInstrument,
  siteFunctions,
} from '../../../src/law/index.ts';
import { useCall, useChange } from '../api.ts';
import { elseOf } from '../cameras/FactsFields.tsx';
import { KeepingDialog } from '../keeping/KeepingDialog.tsx';
import { ruleText } from '../keeping/reasons.tsx';
import '../keeping/keeping.css';
import { useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { Loaded, NotFound, Notice, Said } from '../shell/states.tsx';
import { sayTime } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { lifeWords } from '../words/life.ts';
import { siteWords } from '../words/sites.ts';
import { type Site, siteFactsOf } from './lawful.ts';
import { Plan } from './Plan.tsx';
import './sites.css';

export function SitePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const found = useCall(collect.sites, {});
  return (
    <Loaded of={found}>
      {({ items }) => {
        const site = items.find((each) => each.id === id);
        return site ? <OneSite site={site} /> : <NotFound />;
      }}
    </Loaded>
  );
}

function OneSite({ site }: { site: Site }) {
  const t = useWords(siteWords);
  return (
    <Page
      title={site.name}
      says={t('says')}
      wide
      extra={
        <Link to="/cameras" search={{ show: 'sites' }}>
          {t('back')}
        </Link>
      }
    >
      <div className="panels">
        <What site={site} />
        <Who key={site.id} site={site} />
      </div>
      <Plan site={site} />
    </Page>
  );
}

function What({ site }: { site: Site }) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const why = useWhyNot()('site.configure');
  const [open, setOpen] = useState(false);
  const { law } = site;
  const day = localDay(Date.now(), site.timeZone);
  const traced = placeClass(siteFactsOf(site), day);
  return (
    <section className="panel" aria-labelledby="site-what">
      <h2 id="site-what">{t('what')}</h2>
      <dl className="facts">
        <dt>{t('kind')}</dt>
        <dd>
          {law.placeType === null ? t('kindNone') : (placeTypeOf(law.placeType)?.name[lang] ?? law.placeType)}
        </dd>
        <dt>{t('class')}</dt>
        <dd>
          {law.placeClass === null
            ? t('classNone')
            : placeClasses[law.placeClass as keyof typeof placeClasses][lang]}
        </dd>
        <dt>{t('trace')}</dt>
        <dd>
          <ol className="site-trace">
            {traced.because.map(({ says, reasons }) => (
              <li key={says.en}>
                {says[lang]}
                {reasons.map(({ profile, answer: { cite } }) => (
                  <span key={profile + cite.article} className="cell-says" title={cite.quote}>
                    {ruleText(cite)}
                  </span>
                ))}
              </li>
            ))}
          </ol>
          {law.decided && (
            <span className="cell-says">
              {t('decidedBy', { by: law.decided.by, time: sayTime(law.decided.at, site.timeZone) })}
              {law.decided.why && ` ${law.decided.why}`}
            </span>
          )}
          {traced.contradicts && <Notice>{t('contradicts')}</Notice>}
        </dd>
        <dt>{t('keyTarget')}</dt>
        <dd>{law.keyTarget ? t('yes') : t('no')}</dd>
        <dt>{t('profiles')}</dt>
        <dd>
          <ProfileList ids={law.keyTarget ? [...law.profiles, 'key-target'] : law.profiles} />
        </dd>
      </dl>
      <WhyButton why={why} onClick={() => setOpen(true)}>
        {t('settle')}
      </WhyButton>
      {open && <KeepingDialog site={site} close={() => setOpen(false)} />}
    </section>
  );
}

/** Every set of rules with the instruments that its answers come from; a province brings the nation with it. */
function ProfileList({ ids }: { ids: readonly string[] }) {
  const t = useWords(siteWords);
  const lang = useLanguage();
  const known = ids.filter((id) => profileOf(id));
  return (
    <ul className="plan-list">
      {profilesOf(known).map((profile) => (
        <li key={profile.id}>
          <strong>{profile.name[lang]}</strong>
          {!ids.includes(profile.id) && <span className="soft">{t('parent')}</span>}
          <span className="soft">
            {instrumentsOf(profile)
              .map((instrument) => sayInstrument(instrument, lang))
              .join(lang === 'zh' ? '、' : '; ')}
          </span>
        </li>
      ))}
    </ul>
  );
}

const instrumentsOf = ({ answers }: Profile): string[] => [
  ...new Set(Object.values(answers).flatMap((all) => all.map(({ cite }) => cite.instrument))),
];

interface WhoFields {
  owner?: (typeof ownerKinds)[number] | null;
  functions: (typeof siteFunctions)[number][];
}

function Who({ site }: { site: Site }) {
  const t = useWords(siteWords);
  const life = useWords(lifeWords);
  const tell = useTell();
  const why = useWhyNot()('site.configure');
  const [form] = Form.useForm<WhoFields>();
  const save = useChange(collect.changeSite, [collect.sites, collect.cameras, collect.cameraById]);
  const submit = ({ owner, functions }: WhoFields) =>
    save.mutate(
      { params: { id: site.id }, body: { owner: owner ?? null, functions } },
      { onSuccess: () => tell.done(t('saved')) },
    );
  return (
    <section className="panel" aria-labelledby="site-who">
      <h2 id="site-who">{t('who')}</h2>
      <Said error={save.error} />
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={submit}
        initialValues={{ owner: site.law.owner, functions: site.law.functions }}
      >
        <Form.Item name="owner" label={t('owner')}>
          <Select
            allowClear
            placeholder={t('ownerNone')}
            options={ownerKinds.map((value) => ({ value, label: life(`owner_${elseOf(value)}`) }))}
          />
        </Form.Item>
        <Form.Item name="functions" label={t('functions')}>
          <Checkbox.Group
            options={siteFunctions.map((value) => ({ value, label: t(`function_${value}`) }))}
          />
        </Form.Item>
        <WhyButton why={why} loading={save.isPending} onClick={form.submit}>
          {t('save')}
        </WhyButton>
      </Form>
    </section>
  );
}

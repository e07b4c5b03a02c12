/** What stands and stood on record for a person: shown, added, ended; and that the person leaves. */
import { Button, Drawer, Form, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { account, gate, people } from '../../../src/contract/index.ts';
import {
  isPersonRecordKind,
  localDay,
  passMark,
  personRecordKinds,
  recordKindsOfPersons,
  usualEnd,
} from '../../../src/law/index.ts';
import { useCall, useChange } from '../api.ts';
import { useMe } from '../session.ts';
import { ReasonDialog, useTell, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Loaded } from '../shell/states.tsx';
import { ownTimeZone, timeParts } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { standingWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';
import { StandingList, sayKind } from './Standing.tsx';

type Person = z.output<typeof gate.person>;
type Written = z.output<typeof people.personRecord>;

const stale = [gate.persons, gate.session, people.personRecords, people.ownStanding];

export function RecordsDrawer({
  person,
  why,
  close,
}: {
  person: Person;
  /** Why nothing can be changed; null: it can. */
  why: string | null;
  close: () => void;
}) {
  const t = useWords(standingWords);
  const shell = useWords(shellWords);
  const own = useWords(accountWords);
  const me = useMe();
  const found = useCall(people.personRecords, { params: { id: person.id } });
  const [adds, setAdds] = useState(false);
  const [leaves, setLeaves] = useState(false);
  const [recovers, setRecovers] = useState(false);
  const leave = useChange(people.leave, stale);
  const tell = useTell();
  return (
    <Drawer open size={560} onClose={close} title={t('recordsOf', { name: person.displayName })}>
      <StandingList records={person.records} />
      {person.id === me.id && <p className="soft">{t('ownNot')}</p>}
      <div className="form-ends">
        <WhyButton type="primary" why={why} onClick={() => setAdds(true)}>
          {t('add')}
        </WhyButton>
        <span className="form-ends-gap" />
        {person.active && person.id !== me.id && (
          <WhyButton why={why} onClick={() => setRecovers(true)}>
            {own('recoverPerson')}
          </WhyButton>
        )}
        {person.left === null && (
          <WhyButton why={why} onClick={() => setLeaves(true)}>
            {t('leave')}
          </WhyButton>
        )}
        <Button onClick={close}>{shell('close')}</Button>
      </div>
      <Loaded of={found} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="soft">{t('none')}</p>
          ) : (
            <ul className="record-list">
              {items.map((each) => (
                <OneRecord key={each.id} record={each} why={why} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {recovers && <AskRecovery person={person} close={() => setRecovers(false)} />}
      {adds && <AddRecord person={person} close={() => setAdds(false)} />}
      {leaves && (
        <ReasonDialog
          title={t('leaveTitle', { name: person.displayName })}
          says={t('leaveSays')}
          doIt={t('leaveDo')}
          run={async (reason) => {
            await leave.mutateAsync({ params: { id: person.id }, body: { reason } });
            tell.done(t('leftDone', { name: person.displayName }));
            close();
          }}
          close={() => setLeaves(false)}
        />
      )}
    </Drawer>
  );
}

function AskRecovery({ person, close }: { person: Person; close: () => void }) {
  const t = useWords(accountWords);
  const tell = useTell();
  const ask = useChange(account.askRecovery, [account.recoveries]);
  return (
    <ReasonDialog
      title={t('recoverPersonTitle', { name: person.displayName })}
      says={t('recoverPersonSays')}
      doIt={t('recoverAsk')}
      run={async (reason) => {
        await ask.mutateAsync({ params: { id: person.id }, body: { reason } });
        tell.done(t('recoverAsked'));
      }}
      close={close}
    />
  );
}

function OneRecord({ record, why }: { record: Written; why: string | null }) {
  const t = useWords(standingWords);
  const lang = useLanguage();
  const [ends, setEnds] = useState(false);
  const end = useChange(people.endPersonRecord, stale);
  const kind = sayKind(record.kind, lang);
  const { ended, endedBy, endedReason } = record;
  return (
    <li className={ended === null ? undefined : 'soft'}>
      <p>
        <strong>{kind}</strong>{' '}
        <span className="number">
          {record.on} – {record.until}
        </span>
        {record.score !== null && <span className="number"> · {record.score}/100</span>}
      </p>
      <p>{record.said}</p>
      <p className="soft">
        {t('by', { by: record.writtenBy, day: timeParts(record.written).date })}
        {ended !== null &&
          ` · ${t('ended', { day: timeParts(ended).date, by: endedBy ?? '', reason: endedReason ?? '' })}`}
      </p>
      {ended === null && (
        <WhyButton size="small" why={why} onClick={() => setEnds(true)} aria-label={t('endTitle', { kind })}>
          {t('end')}
        </WhyButton>
      )}
      {ends && (
        <ReasonDialog
          title={t('endTitle', { kind })}
          says={t('endSays')}
          doIt={t('end')}
          run={(reason) => end.mutateAsync({ params: { id: record.id }, body: { reason } })}
          close={() => setEnds(false)}
        />
      )}
    </li>
  );
}

interface Fields {
  kind: string;
  on: string;
  until: string;
  score?: number | null;
  said: string;
}

const offered = recordKindsOfPersons.filter((kind) => kind !== 'founding');

function AddRecord({ person, close }: { person: Person; close: () => void }) {
  const t = useWords(standingWords);
  const shell = useWords(shellWords);
  const lang = useLanguage();
  const tell = useTell();
  const [form] = Form.useForm<Fields>();
  const add = useChange(people.addPersonRecord, stale);
  const kind: string = Form.useWatch('kind', form) ?? '';
  const today = localDay(Date.now(), ownTimeZone());
  const missing = person.records.find(({ met }) => !met)?.kind ?? 'vetting';
  const offerEnd = () => {
    const [of, on] = [form.getFieldValue('kind') as string, form.getFieldValue('on') as string];
    if (isPersonRecordKind(of) && /^\d{4}-\d{2}-\d{2}$/.test(on))
      form.setFieldValue('until', usualEnd(of, on));
  };
  const isScored = isPersonRecordKind(kind) && 'hasScore' in personRecordKinds[kind];
  const submit = ({ score, ...fields }: Fields) =>
    add.mutate(
      { params: { id: person.id }, body: { ...fields, ...(isScored ? { score } : {}) } },
      {
        onSuccess: () => {
          tell.done(t('done'));
          close();
        },
      },
    );
  const needed = [{ required: true, whitespace: true, message: shell('required') }];
  const first = isPersonRecordKind(missing) ? missing : 'vetting';
  return (
    <FormDialog<Fields>
      title={t('addTitle', { name: person.displayName })}
      doIt={t('add')}
      form={form}
      initialValues={{ kind: first, on: today, until: usualEnd(first, today) }}
      saving={add}
      submit={submit}
      close={close}
    >
      <Form.Item name="kind" label={t('kind')}>
        <Select
          onChange={offerEnd}
          options={offered.map((value) => ({ value, label: personRecordKinds[value].name[lang] }))}
        />
      </Form.Item>
      <Form.Item name="on" label={t('on')} rules={needed}>
        <Input type="date" max={today} onChange={offerEnd} />
      </Form.Item>
      <Form.Item name="until" label={t('until')} extra={t('untilHint')} rules={needed}>
        <Input type="date" />
      </Form.Item>
      {isScored && (
        <Form.Item
          name="score"
          label={t('score')}
          extra={t('scoreHint', { mark: passMark })}
          rules={[{ required: true, message: shell('required') }]}
        >
          <InputNumber min={0} max={100} precision={0} />
        </Form.Item>
      )}
      <Form.Item name="said" label={t('said')} extra={t('saidHint')} rules={needed}>
        <Input.TextArea rows={2} maxLength={2000} />
      </Form.Item>
    </FormDialog>
  );
}

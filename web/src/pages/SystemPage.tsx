/** The system: what Custos runs on, how much room is left, and what is off and why. */
import type { ReactNode } from 'react';
import type { z } from 'zod';
import { govern } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import { Page } from '../shell/Page.tsx';
import { Loaded, Notice } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { sayBytes, sayNumber, saySpan } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { systemWords } from '../words/office.ts';

type System = ReplyOf<typeof govern.system>;
type T = ReturnType<typeof useWords<typeof systemWords.en>>;

export function SystemPage() {
  const t = useWords(systemWords);
  const found = useCall(govern.system, {}, { refetchInterval: 5000 });
  return (
    <Page title={t('title')} says={t('says')}>
      <Loaded of={found}>
        {(system) => (
          <div className="panels">
            <Volumes volumes={system.volumes} />
            <Engine engine={system.engine} transcodes={system.transcodes} />
            <Foundations system={system} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Below this share of free room a disk is shown as a loss to come. */
const scarce = 0.05;

function Volumes({ volumes }: { volumes: System['volumes'] }) {
  const t = useWords(systemWords);
  const oldest = volumes.find((each) => each.segments > 0)?.oldest;
  return (
    <Panel title={t('volumes')}>
      {volumes.length === 0 && <Notice tone="loss">{t('noVolumes')}</Notice>}
      {volumes.map((each) => (
        <Volume key={each.id} volume={each} />
      ))}
      {oldest && (
        <p className="soft volume-oldest">
          <OldestOf t={t} at={oldest} />
        </p>
      )}
    </Panel>
  );
}

function Volume({ volume }: { volume: System['volumes'][number] }) {
  const t = useWords(systemWords);
  const lang = useLanguage();
  const { totalBytes, freeBytes } = volume;
  const used = totalBytes > 0 ? 1 - freeBytes / totalBytes : 0;
  const percent = Math.round(used * 100);
  return (
    <div className="volume">
      <p className="volume-head">
        <span className="mono">{volume.path}</span>
        <span className="number">
          {t('volumeFree', { free: sayBytes(freeBytes), total: sayBytes(totalBytes) })}
        </span>
      </p>
      <meter
        className={used > 1 - scarce ? 'meter meter-loss' : 'meter'}
        min={0}
        max={100}
        value={percent}
        aria-label={t('volumeUse', { path: volume.path, percent })}
      >
        {percent} %
      </meter>
      <p className="soft">
        {volume.segments === 0
          ? t('volumeNothing')
          : t('volumeHolds', {
              bytes: sayBytes(volume.bytes),
              count: volume.segments,
              shown: sayNumber(volume.segments, lang),
            })}
      </p>
    </div>
  );
}

function OldestOf({ t, at }: { t: T; at: string }) {
  const [before, after] = t('volumeOldest', { time: '\u0000' }).split('\u0000');
  return (
    <>
      {before}
      <Time at={at} />
      {after}
    </>
  );
}

type Process = z.output<typeof govern.system.reply>['engine'][number];

function Engine({ engine, transcodes }: { engine: System['engine']; transcodes: System['transcodes'] }) {
  const t = useWords(systemWords);
  const lang = useLanguage();
  const figure = (value: number | null, unit: string) =>
    value === null ? '—' : `${sayNumber(value, lang, unit === '%' ? 1 : 0)} ${unit}`;
  const processName = (name: string) => {
    const [kind = '', no = ''] = name.split('-');
    return kind === 'intake' || kind === 'reader' ? t(`process_${kind}`, { no }) : name;
  };
  const heads = [t('process'), t('pid'), t('sources'), t('memory'), t('cpu'), t('restarts'), t('since')];
  const cells = (each: Process): ReactNode[] => [
    each.pid ?? '—',
    each.sources,
    figure(each.memoryMb, 'MB'),
    figure(each.cpuPercent, '%'),
    each.restarts,
    each.since ? <Time key="since" at={each.since} /> : '—',
  ];
  return (
    <Panel title={t('engine')}>
      {engine.length === 0 ? (
        <p className="soft">{t('noEngine')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section className="scrolls" tabIndex={0} aria-label={t('process')}>
          <table className="plain">
            <thead>
              <tr>
                {heads.map((each, i) => (
                  <th key={each} scope="col" className={i > 0 && i < 6 ? 'register-number' : undefined}>
                    {each}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {engine.map((each) => (
                <tr key={each.name}>
                  <th scope="row">
                    {processName(each.name)}{' '}
                    <span className={each.up ? 'light soft' : 'light text-loss'}>
                      {each.up ? t('up') : t('down')}
                    </span>
                  </th>
                  {cells(each).map((cell, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the columns do not move
                    <td key={i} className={i < 5 ? 'register-number' : undefined}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p className="soft">
        {t('transcodes')}: {t('transcodesSay', { running: transcodes.running, limit: transcodes.limit })}
      </p>
    </Panel>
  );
}

/** The computer's clock is told apart from ours only when it would mislead a reader of times. */
const clockToleranceMs = 5000;

function Foundations({ system }: { system: System }) {
  const t = useWords(systemWords);
  const lang = useLanguage();
  const { database, ffmpeg } = system;
  const apartMs = Math.abs(Date.now() - Date.parse(system.now));
  const off = ffmpeg.off.map((each) =>
    `off_${each}` in systemWords.en ? t(`off_${each}` as 'off_stills') : each,
  );
  return (
    <Panel title={t('versions')}>
      <dl className="facts">
        <dt>{t('custos')}</dt>
        <dd>{system.version}</dd>
        <dt>{t('started')}</dt>
        <dd>
          <Time at={system.started} />{' '}
          <span className="soft">
            ({t('running', { span: saySpan(Date.parse(system.now) - Date.parse(system.started), lang) })})
          </span>
        </dd>
        <dt>{t('clock')}</dt>
        <dd>
          <Time at={system.now} />
          {apartMs > clockToleranceMs && (
            <span className="text-warn"> {t('clockDiffers', { span: saySpan(apartMs, lang) })}</span>
          )}
        </dd>
        <dt>{t('database')}</dt>
        <dd>
          {t(database.embedded ? 'databaseEmbedded' : 'databaseGiven', { version: database.version })},{' '}
          <span className="number">{sayBytes(database.bytes)}</span>
        </dd>
        <dt>{t('ffmpeg')}</dt>
        <dd>
          {ffmpeg.found ? (
            t('ffmpegFound', { version: ffmpeg.version ?? '' })
          ) : (
            <span className="text-warn">{t('ffmpegMissing')}</span>
          )}
          {off.length > 0 && (
            <span className="cell-says">
              {t('ffmpegOff')}: {off.join(lang === 'zh' ? '、' : ', ')}
            </span>
          )}
        </dd>
        <dt>{t('node')}</dt>
        <dd>{system.node}</dd>
      </dl>
    </Panel>
  );
}

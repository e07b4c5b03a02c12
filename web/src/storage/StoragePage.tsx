/** Storage: where footage is kept, how much room is left, until when each camera can be kept, and who is told. */
import { Tag } from 'antd';
import { type ReactNode, useMemo, useState } from 'react';
import { z } from 'zod';
import { storage } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { type Can, WhyButton, whyNot } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { type Column, Register, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded, Notice } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { sayBytes, sayNumber, sayTime, timeParts } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { storageWords } from '../words/storage.ts';
import { Buckets } from './Buckets.tsx';
import { AddVolume, EditVolume, MarkVolume, RemoveVolume } from './dialogs.tsx';
import type { CameraRow, Storage, Volume } from './shapes.ts';
import { useVolumeName } from './volumeName.ts';
import { WebhookPanel } from './Webhooks.tsx';
import { useWarningSentence } from './warnings.ts';

const address = z.object({
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(300).optional().catch(undefined),
});

const refreshMs = 5_000;

export function StoragePage() {
  const t = useWords(storageWords);
  const [adding, setAdding] = useState(false);
  const found = useCall(storage.overview, {}, { refetchInterval: refreshMs });
  const why = found.data ? whyNot(found.data.can as Can, 'storage.configure') : null;
  return (
    <Page
      title={t('title')}
      says={t('says')}
      wide
      extra={
        <WhyButton type="primary" why={why} onClick={() => setAdding(true)}>
          {t('add')}
        </WhyButton>
      }
    >
      <Loaded of={found}>
        {(all) => (
          <div className="panels">
            <Warnings warnings={all.warnings} lostKeys={all.lostKeys} />
            <section className="panel" aria-label={t('volumes')}>
              <h2>{t('volumes')}</h2>
              {all.volumes.filter(isFolder).map((volume) => (
                <OneVolume key={volume.id} volume={volume} why={why} />
              ))}
            </section>
            <Buckets />
            <Cameras all={all} />
            {all.can['webhook.configure'] === true && <WebhookPanel />}
          </div>
        )}
      </Loaded>
      {adding && <AddVolume close={() => setAdding(false)} />}
    </Page>
  );
}

function Warnings({ warnings, lostKeys }: Pick<Storage, 'warnings' | 'lostKeys'>) {
  const t = useWords(storageWords);
  const sentence = useWarningSentence();
  if (warnings.length === 0 && lostKeys.length === 0) return null;
  return (
    <section className="panel" aria-label={t('warnings')}>
      <h2>{t('warnings')}</h2>
      {lostKeys.map(({ from, to }) => (
        <Notice key={to} tone="loss">
          {from === null
            ? t('lostKeysUntil', { to: sayTime(to) })
            : t('lostKeys', { from: sayTime(from), to: sayTime(to) })}
        </Notice>
      ))}
      {warnings.map((each) => (
        <Notice
          key={`${each.kind} ${each.volume} ${each.cameraId}`}
          tone={each.kind === 'forecast' ? 'warn' : 'loss'}
        >
          {sentence(each)}
        </Notice>
      ))}
    </section>
  );
}

/** Buckets have a panel of their own. */
const isFolder = ({ kind }: Volume): boolean => kind === 'folder';

type Step = 'edit' | 'remove' | 'mark';

function OneVolume({ volume, why }: { volume: Volume; why: string | null }) {
  const t = useWords(storageWords);
  const name = useVolumeName()(volume.name);
  const [step, setStep] = useState<Step | null>(null);
  const close = () => setStep(null);
  return (
    <article className="volume" aria-label={name}>
      <p className="volume-head">
        <span>
          <strong>{name}</strong> <span className="mono soft">{volume.path}</span>
        </span>
        <span className="volume-tags">
          {volume.kind === 's3' && <Tag>{t('bucket')}</Tag>}
          <Tag>{t(`order_${volume.state}`)}</Tag>
          {volume.kind === 'folder' && (
            <>
              <WhyButton
                size="small"
                why={why}
                onClick={() => setStep('edit')}
                aria-label={t('editOf', { name })}
              >
                {t('edit')}
              </WhyButton>
              {volume.id !== 'footage' && volume.state !== 'in-use' && (
                <WhyButton size="small" why={why} onClick={() => setStep('remove')}>
                  {t('remove')}
                </WhyButton>
              )}
            </>
          )}
        </span>
      </p>
      <State volume={volume} why={why} mark={() => setStep('mark')} />
      {volume.kind === 'folder' && !volume.away && <Meter volume={volume} />}
      <Figures volume={volume} />
      {step === 'edit' && <EditVolume volume={volume} close={close} />}
      {step === 'remove' && <RemoveVolume volume={volume} close={close} />}
      {step === 'mark' && <MarkVolume volume={volume} close={close} />}
    </article>
  );
}

function State({ volume, why, mark }: { volume: Volume; why: string | null; mark: () => void }) {
  const t = useWords(storageWords);
  const { away, rung } = volume;
  if (away) {
    const key = `away_${away.why}` as 'away_io';
    return (
      <Notice tone="loss">
        {t('away', { time: sayTime(away.since) })}. {key in storageWords.en ? t(key) : away.why}
        {away.why === 'unmarked' && (
          <>
            {' '}
            <WhyButton size="small" why={why} onClick={mark}>
              {t('mark')}
            </WhyButton>
          </>
        )}
      </Notice>
    );
  }
  if (rung !== 'room')
    return <Notice tone={rung.startsWith('past') ? 'info' : 'loss'}>{t(`rung_${rung}`)}</Notice>;
  return null;
}

function Meter({ volume }: { volume: Volume }) {
  const t = useWords(storageWords);
  const whole = volume.bytes + volume.roomBytes;
  const percent = whole > 0 ? Math.round((volume.bytes / whole) * 100) : 0;
  const name = useVolumeName()(volume.name);
  const isScarce = volume.rung !== 'room';
  return (
    <meter
      className={isScarce ? 'meter meter-loss' : 'meter'}
      min={0}
      max={100}
      value={percent}
      aria-label={`${name}: ${t('room', { room: sayBytes(volume.roomBytes) })}`}
    >
      {percent} %
    </meter>
  );
}

const dayS = 86_400;

function Figures({ volume }: { volume: Volume }) {
  const t = useWords(storageWords);
  const lang = useLanguage();
  const nameOf = useVolumeName();
  const isFolder = volume.kind === 'folder' && !volume.away;
  const known: (string | false)[] = [
    isFolder && t('room', { room: sayBytes(volume.roomBytes) }),
    isFolder &&
      t('free', {
        free: sayBytes(volume.freeBytes),
        total: sayBytes(volume.totalBytes),
        reserve: sayBytes(volume.reservedBytes),
      }),
    volume.limitBytes !== null && t('limited', { limit: sayBytes(volume.limitBytes) }),
    t('holds', {
      count: volume.segments,
      shown: sayNumber(volume.segments, lang),
      bytes: sayBytes(volume.bytes),
    }),
    volume.kind === 'folder' && t('cameras', { count: volume.cameras }),
    volume.bytesPerS > 0 && t('rate', { rate: sayBytes(volume.bytesPerS * dayS) }),
    isFolder && volume.full !== null && t('full', { time: timeParts(volume.full).date }),
    volume.isSlow && t('slow'),
  ];
  return (
    <>
      <p className="soft">{known.filter(Boolean).join(' · ')}</p>
      {volume.sameDeviceAs.length > 0 && (
        <p className="text-warn">
          {t('sameDevice', { names: volume.sameDeviceAs.map(nameOf).join(lang === 'zh' ? '、' : ', ') })}
        </p>
      )}
    </>
  );
}

function Cameras({ all }: { all: Storage }) {
  const t = useWords(storageWords);
  const [state, change] = useUrlState(address);
  const columns = useColumns(all.forecast !== null);
  return (
    <div className="panel">
      <h2>{t('forecast')}</h2>
      <p className="page-says storage-says">
        {t('forecastSays')} {all.forecast ? <MadeAt at={all.forecast} /> : t('notMade')}
      </p>
      {all.cameras.length === 0 ? (
        <Empty title={t('noCameras')} />
      ) : (
        <>
          <div className="tools">
            <span className="tools-gap" />
            <RegisterTools
              name="storage"
              rows={all.cameras}
              columns={columns}
              state={state}
              change={change}
            />
          </div>
          <Register
            caption={t('forecast')}
            rows={all.cameras}
            columns={columns}
            keyOf={(each) => each.cameraId}
            state={state}
            change={change}
            toneOf={(each) => (each.mode !== 'full' ? 'loss' : each.falls ? 'warn' : undefined)}
          />
        </>
      )}
    </div>
  );
}

function MadeAt({ at }: { at: string }): ReactNode {
  const t = useWords(storageWords);
  const [before, after] = t('madeAt', { time: '\u0000' }).split('\u0000');
  return (
    <>
      {before}
      <Time at={at} />
      {after}
    </>
  );
}

const weights = { least: 0, ordinary: 1, most: 2 } as const;

function useColumns(isMade: boolean): readonly Column<CameraRow>[] {
  const t = useWords(storageWords);
  const nameOf = useVolumeName();
  return useMemo(
    () => [
      { key: 'camera', title: t('camera'), isHead: true, cell: (row) => row.name, value: (row) => row.name },
      { key: 'site', title: t('site'), cell: (row) => row.siteName, value: (row) => row.siteName },
      {
        key: 'falls',
        title: t('falls'),
        cell: (row) =>
          row.falls ? (
            <strong className="text-warn number">{timeParts(row.falls).date}</strong>
          ) : (
            <span className="soft">{isMade ? t('never') : '—'}</span>
          ),
        value: (row) => (row.falls ? timeParts(row.falls).date : null),
      },
      {
        key: 'floor',
        title: t('floor'),
        cell: (row) =>
          row.floorDays === null ? (
            <span className="soft">{isMade ? t('noFloor') : '—'}</span>
          ) : row.floorDays === 0 ? (
            <span className="soft">{t('noLawFloor')}</span>
          ) : (
            t('days', { count: row.floorDays })
          ),
        value: (row) => row.floorDays,
        isNumber: true,
      },
      {
        key: 'perDay',
        title: t('perDay'),
        cell: (row) => sayBytes(row.bytesPerDay),
        value: (row) => row.bytesPerDay,
        isNumber: true,
      },
      {
        key: 'kept',
        title: t('kept'),
        cell: (row) => sayBytes(row.bytes),
        value: (row) => row.bytes,
        isNumber: true,
      },
      {
        key: 'importance',
        title: t('importance'),
        cell: (row) => t(`importance_${row.importance}`),
        value: (row) => weights[row.importance],
      },
      {
        key: 'volume',
        title: t('volume'),
        cell: (row) => (row.volume === null ? t('none') : nameOf(row.volume)),
        value: (row) => (row.volume === null ? '' : nameOf(row.volume)),
      },
      {
        key: 'mode',
        title: t('mode'),
        cell: (row) => (
          <span className={row.mode === 'full' ? undefined : 'text-loss'}>{t(`mode_${row.mode}`)}</span>
        ),
        value: (row) => t(`mode_${row.mode}`),
      },
    ],
    [t, isMade, nameOf],
  );
}

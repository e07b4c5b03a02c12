/** The buckets: where older footage moves, whether each can be reached, and what is in it. */
import { useState } from 'react';
import { buckets } from '../../../src/contract/index.ts';
import { sayRefusal, useCall, useChange } from '../api.ts';
import { ReasonDialog, useTell, useWhyNot, WhyButton, whyNot } from '../shell/controls.tsx';
import { Loaded, Notice } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { sayBytes, sayNumber } from '../time.ts';
import { useLanguage, useSaid, useWords } from '../useWords.ts';
import { bucketWords } from '../words/buckets.ts';
import { BucketDialog } from './BucketDialog.tsx';
import type { Bucket } from './shapes.ts';

export function Buckets() {
  const t = useWords(bucketWords);
  const found = useCall(buckets.buckets, {}, { refetchInterval: 10_000 });
  const [open, setOpen] = useState<Bucket | 'new' | null>(null);
  const [going, setGoing] = useState<Bucket | null>(null);
  const why = useWhyNot()('storage.configure');
  return (
    <section className="panel" aria-label={t('title')}>
      <h2>{t('title')}</h2>
      <p className="soft dialog-says">{t('says')}</p>
      <Loaded of={found}>
        {({ items }) => (
          <>
            {items.length === 0 && <p>{t('none')}</p>}
            {items.map((bucket) => (
              <BucketLine
                key={bucket.id}
                bucket={bucket}
                edit={() => setOpen(bucket)}
                remove={() => setGoing(bucket)}
              />
            ))}
            <WhyButton why={why} onClick={() => setOpen('new')}>
              {t('add')}
            </WhyButton>
          </>
        )}
      </Loaded>
      {open && <BucketDialog bucket={open === 'new' ? null : open} close={() => setOpen(null)} />}
      {going && <RemoveDialog bucket={going} close={() => setGoing(null)} />}
    </section>
  );
}

function BucketLine({ bucket, edit, remove }: { bucket: Bucket; edit: () => void; remove: () => void }) {
  const t = useWords(bucketWords);
  const said = useSaid();
  const lang = useLanguage();
  const why = whyNot(bucket.can, 'storage.configure');
  const { problem, away, segments } = bucket;
  const [before, after] = t('awaySince', { time: '\u0000' }).split('\u0000');
  return (
    <div className="volume">
      <p className="volume-head">
        <strong>{bucket.name}</strong>
        <span className={problem ? 'tone-loss' : undefined}>
          {away ? t('away') : problem ? t('trouble') : t('ok')}
        </span>
      </p>
      <p className="soft mono bucket-place">
        {`${bucket.endpoint} · ${bucket.bucket}${bucket.prefix ? `/${bucket.prefix}` : ''}`}
      </p>
      {problem && (
        <Notice tone="loss">
          {said(buckets.bucketProblems[problem.code], problem.values)}
          {away && (
            <>
              {' '}
              {before}
              <Time at={away} />
              {after}
            </>
          )}
        </Notice>
      )}
      <p className="soft">
        {segments === 0
          ? t('holdsNothing')
          : t('holds', { count: segments, shown: sayNumber(segments, lang), bytes: sayBytes(bucket.bytes) })}
      </p>
      <p className="soft">
        <Moves bucket={bucket} />
      </p>
      <div className="tools">
        <WhyButton why={why} size="small" onClick={edit} aria-label={t('editTitle', { name: bucket.name })}>
          {t('edit')}
        </WhyButton>
        <WhyButton
          why={why ?? (segments > 0 ? sayRefusal('bucket.holds', { segments }) : null)}
          size="small"
          onClick={remove}
          aria-label={t('removeTitle', { name: bucket.name })}
        >
          {t('remove')}
        </WhyButton>
      </div>
    </div>
  );
}

function Moves({ bucket }: { bucket: Bucket }) {
  const t = useWords(bucketWords);
  const { moveAfterDays: days, moveAbovePercent: percent, bytesPerSecond, lockMode } = bucket;
  const parts = [
    ...(days === null ? [] : [t('movesAge', { count: days })]),
    ...(percent === null ? [] : [t('movesRoom', { percent })]),
    ...(days === null && percent === null ? [t('movesNever')] : []),
    ...(bytesPerSecond > 0 ? [t('pace', { rate: sayBytes(bytesPerSecond) })] : []),
    ...(lockMode === 'none' ? [] : [t(`locks_${lockMode}`)]),
  ];
  return <>{parts.join(' · ')}</>;
}

function RemoveDialog({ bucket, close }: { bucket: Bucket; close: () => void }) {
  const t = useWords(bucketWords);
  const tell = useTell();
  const gone = useChange(buckets.removeBucket, [buckets.buckets]);
  return (
    <ReasonDialog
      title={t('removeTitle', { name: bucket.name })}
      says={t('removeSays')}
      doIt={t('removeDo')}
      close={close}
      run={async (reason) => {
        await gone.mutateAsync({ params: { id: bucket.id }, body: { reason } });
        tell.done(t('removed'));
      }}
    />
  );
}

/** The line above every page that says when storage is in trouble, or will be. */
import { Link } from '@tanstack/react-router';
import { storage } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { useMay } from '../session.ts';
import { useWords } from '../useWords.ts';
import { storageWords } from '../words/storage.ts';
import { useWarningSentence } from './warnings.ts';

const refreshMs = 15_000;

export function StorageTrouble() {
  const may = useMay();
  return may('camera.read') ? <Line canLook={may('system.read')} /> : null;
}

function Line({ canLook }: { canLook: boolean }) {
  const t = useWords(storageWords);
  const sentence = useWarningSentence();
  const found = useCall(storage.warnings, {}, { refetchInterval: refreshMs });
  const items = found.data?.items ?? [];
  const first = items.find((each) => each.kind !== 'forecast') ?? items[0];
  if (!first) return null;
  const what = sentence(first);
  const count = items.length - 1;
  return (
    <div role="status" aria-live="polite">
      <div className={first.kind === 'forecast' ? 'line-state' : 'line-state line-lost'}>
        {count > 0 ? t('bannerMore', { what, count }) : t('bannerOne', { what })}{' '}
        {canLook && <Link to="/storage">{t('look')}</Link>}
      </div>
    </div>
  );
}

/**
 * The line above every page that says when storage is in trouble. What is lost now is said to everybody until it is
 * over. What will be lost days ahead stands on the page Storage; only when hardly time is left to act is it said here,
 * to those who can, and each may put it away until the day comes nearer.
 */
import { CloseOutlined } from '@ant-design/icons';
import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { storage } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { useMay, useMe } from '../session.ts';
import { useWords } from '../useWords.ts';
import { storageWords } from '../words/storage.ts';
import { isNear, isPutAway, putAway } from './calm.ts';
import { useWarningSentence } from './warnings.ts';

const refreshMs = 15_000;

export function StorageTrouble() {
  const may = useMay();
  return may('camera.read') ? <Line canLook={may('system.read')} /> : null;
}

function Line({ canLook }: { canLook: boolean }) {
  const t = useWords(storageWords);
  const sentence = useWarningSentence();
  const { id, demo } = useMe();
  const [, setPutAway] = useState(0);
  const found = useCall(storage.warnings, {}, { refetchInterval: refreshMs });
  const all = found.data?.items ?? [];
  const lost = all.filter((each) => each.kind !== 'forecast');
  const ahead = all.filter((each) => each.kind === 'forecast' && isNear(each, Date.now()));
  // A demo is thrown away before its disk is full.
  const said = canLook && !demo ? ahead.filter((each) => !isPutAway(each, id)) : [];
  const items = [...lost, ...said];
  const first = items[0];
  if (!first) return null;
  const what = sentence(first);
  const count = items.length - 1;
  const forget = () => {
    putAway(said, id);
    setPutAway((times) => times + 1);
  };
  return (
    <div role="status" aria-live="polite">
      <div className={lost.length === 0 ? 'line-state' : 'line-state line-lost'}>
        {count > 0 ? t('bannerMore', { what, count }) : t('bannerOne', { what })}{' '}
        {canLook && <Link to="/storage">{t('look')}</Link>}
        {lost.length === 0 && (
          <Button
            type="text"
            size="small"
            icon={<CloseOutlined aria-hidden="true" />}
            aria-label={t('putAway')}
            title={t('putAway')}
            onClick={forget}
          />
        )}
      </div>
    </div>
  );
}

/** What stands on record for a camera, with the file behind each: the approved view as a picture, a consent. */
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { isRecordKind, recordKinds } from '../../../src/law/index.ts';
import { forget, useCall, useChange } from '../api.ts';
import { base64Of } from '../files.ts';
import { whyNot } from '../shell/controls.tsx';
import { Notice, Said } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { recordWords } from '../words/records.ts';
import type { Camera } from './state.tsx';

type LegalRecord = z.output<typeof collect.record>;

export function OnRecord({ camera }: { camera: Camera }) {
  const t = useWords(recordWords);
  const found = useCall(collect.legalRecords, { query: { camera: camera.id } });
  const standing = (found.data?.items ?? []).filter(({ ended }) => ended === null);
  if (standing.length === 0) return null;
  const mayAdd = whyNot(camera.can, 'camera.configure') === null;
  return (
    <>
      <h3>{t('title')}</h3>
      <ul className="life-missing">
        {standing.map((record) => (
          <One key={record.id} record={record} mayAdd={mayAdd} />
        ))}
      </ul>
    </>
  );
}

function One({ record, mayAdd }: { record: LegalRecord; mayAdd: boolean }) {
  const t = useWords(recordWords);
  const lang = useLanguage();
  const name = isRecordKind(record.kind) ? recordKinds[record.kind].name[lang] : record.kind;
  const { document } = record;
  const href = `/api/records/${record.id}/document`;
  return (
    <li>
      <span className="life-need">
        <strong>{name}</strong>
        <span>{record.said}</span>
        <span className="soft">{t('by', { day: record.on, by: record.writtenBy })}</span>
        {document?.type.startsWith('image/') && (
          <a href={href} target="_blank" rel="noreferrer">
            <img className="record-picture" src={href} alt={`${name}: ${document.name}`} loading="lazy" />
          </a>
        )}
        {document?.type === 'application/pdf' && (
          <a href={href} download>
            {document.name}
          </a>
        )}
        {!document && mayAdd && <AddFile record={record} name={name} />}
      </span>
    </li>
  );
}

function AddFile({ record, name }: { record: LegalRecord; name: string }) {
  const t = useWords(recordWords);
  const id = useId();
  const client = useQueryClient();
  const [wrong, setWrong] = useState<string | null>(null);
  const add = useChange(collect.addDocument);
  const choose = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > collect.maxDocumentBytes) return setWrong(t('tooLarge'));
    setWrong(null);
    const content = await base64Of(file).catch(() => null);
    if (content === null) return setWrong(t('unreadable'));
    const given = { params: { id: record.id }, body: { name: file.name.slice(-120), content } };
    add.mutate(given, { onSuccess: () => void forget(client, [collect.legalRecords]) });
  };
  return (
    <span className="record-file">
      <label htmlFor={id} className="soft">
        {t('addFile')}
        <span className="hidden-words"> {name}</span>
      </label>
      <input
        id={id}
        type="file"
        accept="application/pdf,image/jpeg,image/png"
        disabled={add.isPending}
        onChange={(event) => void choose(event.target.files?.[0])}
      />
      {wrong && <Notice>{wrong}</Notice>}
      <Said error={add.error} />
    </span>
  );
}

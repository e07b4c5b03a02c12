/** A drawer with the proof of one entry: verified here by the browser, and as a file for whoever wants to check it. */
import { CheckCircleFilled, CloseCircleFilled, QuestionCircleFilled } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { govern } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import { offerFile } from '../csv.ts';
import { Loaded, Notice, Waiting } from '../shell/states.tsx';
import { sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { proofWords } from '../words/proof.ts';
import { type Outcome, type Verified, verifyProof } from './verify.ts';
import './proof.css';

type Proof = ReplyOf<typeof govern.ledgerProof>;

export function ProofDrawer({ seq, close }: { seq: number; close: () => void }) {
  const t = useWords(proofWords);
  // Each reading is itself an entry: not again at every glance.
  const found = useCall(
    govern.ledgerProof,
    { params: { seq } },
    { staleTime: 60_000, refetchOnWindowFocus: false },
  );
  return (
    <Drawer open size={620} onClose={close} title={t('title', { seq })}>
      <Loaded of={found}>{(proof) => <Shown proof={proof} />}</Loaded>
    </Drawer>
  );
}

function Shown({ proof }: { proof: Proof }) {
  const t = useWords(proofWords);
  const verified = useQuery({
    queryKey: ['proof', proof.seq, proof.checkpoint],
    queryFn: () => verifyProof(proof),
    retry: false,
  });
  return (
    <div className="proof">
      <p className="soft">{t('says')}</p>
      {verified.isPending && <Waiting rows={4} />}
      {verified.isError && <Notice tone="loss">{t('unreadable')}</Notice>}
      {verified.data && <Steps of={verified.data} proof={proof} />}
      <div className="proof-tools">
        <Button onClick={() => offer(proof)}>{t('file')}</Button>
        <span className="soft">{t('fileSays')}</span>
      </div>
      <Said title={t('entry')} text={proof.entry} />
      {proof.fields.length > 0 && (
        <Said
          title={t('fields')}
          text={proof.fields.map(({ field, value }) => `${field}: ${value}`).join('\n')}
        />
      )}
      <Said title={t('checkpoint')} text={proof.checkpoint} />
      <Said title={t('pathTitle', { count: proof.proof.length })} text={proof.proof.join('\n')} />
    </div>
  );
}

function Steps({ of, proof }: { of: Verified; proof: Proof }) {
  const t = useWords(proofWords);
  const all = [of.fields, of.path, of.signature, ...of.witnesses.map(({ outcome }) => outcome)];
  const isWrong = all.includes('wrong');
  return (
    <>
      <Notice tone={isWrong ? 'loss' : all.includes('unknown') ? 'warn' : 'ok'}>
        {t(isWrong ? 'wrong' : all.includes('unknown') ? 'unknown' : 'right')}
      </Notice>
      <ul className="proof-steps">
        <Step outcome={of.fields}>{t('stepFields')}</Step>
        <Step outcome={of.path}>{t('stepPath', { leaf: proof.leaf, size: of.size })}</Step>
        <Step outcome={of.signature}>{t('stepSignature', { name: proof.key.split('+')[0] ?? '' })}</Step>
        {of.witnesses.map(({ name, atMs, outcome }) => (
          <Step key={name} outcome={outcome}>
            {t('stepWitness', { name, time: sayTime(atMs) })}
          </Step>
        ))}
      </ul>
      {of.witnesses.length === 0 && <Notice tone="info">{t('noWitness')}</Notice>}
    </>
  );
}

const signs = {
  right: <CheckCircleFilled aria-hidden="true" />,
  wrong: <CloseCircleFilled aria-hidden="true" />,
  unknown: <QuestionCircleFilled aria-hidden="true" />,
};

function Step({ outcome, children }: { outcome: Outcome; children: React.ReactNode }) {
  const t = useWords(proofWords);
  return (
    <li className={`proof-${outcome}`}>
      {signs[outcome]} <span className="hidden-words">{t(`step_${outcome}`)}</span>
      <span>{children}</span>
    </li>
  );
}

function Said({ title, text }: { title: string; text: string }) {
  return (
    <details className="detail proof-said">
      <summary>{title}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className="mono" tabIndex={0}>
        {text}
      </pre>
    </details>
  );
}

function offer(proof: Proof): void {
  const file = { format: 'custos/ledger-proof/1', ...proof };
  offerFile(`ledger-${proof.seq}.proof.json`, `${JSON.stringify(file, null, 2)}\n`, 'application/json');
}

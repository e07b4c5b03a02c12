/** Above the ledger: how far it is signed and who witnesses it; loud when it is not, or when a witness fell silent. */
import { govern } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { Notice } from '../shell/states.tsx';
import { sayNumber, sayTime } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { proofWords } from '../words/proof.ts';

export function Signed() {
  const t = useWords(proofWords);
  const lang = useLanguage();
  const { data } = useCall(govern.ledgerState, {}, { refetchInterval: 15_000 });
  if (!data) return null;
  const silent = data.witnesses.filter(({ silent }) => silent);
  const count = (value: number) => sayNumber(value, lang);
  return (
    <>
      {data.halted && <Notice tone="loss">{t('halted')}</Notice>}
      {silent.map(({ name, cosigned }) => (
        <Notice key={name} tone="loss">
          {cosigned ? t('silentSince', { name, time: sayTime(cosigned) }) : t('silentEver', { name })}
        </Notice>
      ))}
      <p className="register-count">
        {t('signed', { size: count(data.size) })} {data.witnesses.length === 0 && t('unwitnessed')}
        {data.witnesses
          .filter(({ cosigned }) => cosigned !== null)
          .map(({ name, size, cosigned }) =>
            t('witnessed', {
              ...{ name, time: sayTime(cosigned ?? ''), size: count(size ?? 0) },
              lag: count(Math.max(0, data.size - (size ?? 0))),
            }),
          )
          .join(' ')}
      </p>
    </>
  );
}

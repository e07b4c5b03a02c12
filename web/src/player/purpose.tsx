/**
 * What footage is looked at for: asked before the first frame, remembered for the visit (this tab, this person), and
 * sent with every view.
 */
import { Form, Input, Modal, Radio } from 'antd';
import { useCallback, useState } from 'react';
import { useMe } from '../session.ts';
import { useWords } from '../useWords.ts';
import { playerWords } from '../words/player.ts';
import { shellWords } from '../words/shell.ts';
import { packUse } from './use.ts';

export type PurposeKind = 'live' | 'playback';

/** What people in a control room look for most; the words are written as they are read. */
const common = {
  live: ['shift', 'event', 'check', 'drill'],
  playback: ['incident', 'accident', 'missing', 'property', 'police', 'quality'],
} as const;

/** Live is asked for once, playback for each camera. */
const keyOf = (person: string, kind: PurposeKind, camera: string) =>
  `custos.purpose.${person}.${kind}${kind === 'playback' ? `.${camera}` : ''}`;

export interface Purpose {
  /** Null: nobody has said yet. */
  readonly said: string | null;
  readonly say: (purpose: string) => void;
}

export function usePurpose(kind: PurposeKind, camera: string): Purpose {
  const me = useMe();
  const key = keyOf(me.id, kind, camera);
  const [, setSaid] = useState(0);
  const say = useCallback(
    (purpose: string) => {
      sessionStorage.setItem(key, purpose);
      setSaid((count) => count + 1);
    },
    [key],
  );
  return { said: sessionStorage.getItem(key), say };
}

interface Answer {
  readonly choice: string;
  readonly own?: string;
  readonly detail?: string;
  readonly whom: 'own' | 'other';
  readonly other?: string;
  readonly authority?: string;
}

export function PurposeDialog({
  kind,
  onSay,
  onCancel,
}: {
  kind: PurposeKind;
  onSay: (purpose: string) => void;
  onCancel: () => void;
}) {
  const t = useWords(playerWords);
  const shell = useWords(shellWords);
  const [form] = Form.useForm<Answer>();
  const choice = Form.useWatch('choice', form);
  const isLive = kind === 'live';
  const me = useMe();
  const whom = Form.useWatch('whom', form);
  const submit = ({ choice, own, detail, whom: forOwn, other, authority }: Answer) => {
    const named = common[kind].find((each) => each === choice);
    const more = detail?.trim();
    const purpose = named ? t(`purpose_${named}`) : (own ?? '').trim();
    onSay(
      packUse({
        purpose: more ? `${purpose} · ${more}` : purpose,
        forWhom: forOwn === 'own' ? me.unit : (other ?? '').trim(),
        ...(forOwn === 'other' && authority?.trim() ? { authority: authority.trim() } : {}),
      }),
    );
  };
  return (
    <Modal
      open
      title={isLive ? t('purposeLiveTitle') : t('purposePlaybackTitle')}
      okText={isLive ? t('purposeLiveDo') : t('purposePlaybackDo')}
      cancelText={shell('cancel')}
      okButtonProps={{ autoFocus: true }}
      onOk={form.submit}
      onCancel={onCancel}
      width={480}
      className="purpose"
    >
      <p className="soft purpose-says">{isLive ? t('purposeLiveSays') : t('purposePlaybackSays')}</p>
      <Form<Answer>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ choice: common[kind][0], whom: 'own' }}
        onFinish={submit}
      >
        <Form.Item name="choice" className="purpose-choices">
          <Radio.Group aria-label={isLive ? t('purposeLiveTitle') : t('purposePlaybackTitle')}>
            {common[kind].map((each) => (
              <Radio key={each} value={each}>
                {t(`purpose_${each}`)}
              </Radio>
            ))}
            <Radio value="own">{t('purposeOwn')}</Radio>
          </Radio.Group>
        </Form.Item>
        {choice === 'own' ? (
          <Form.Item
            name="own"
            rules={[{ required: true, whitespace: true, min: 2, message: t('purposeMissing') }]}
          >
            <Input
              autoFocus
              maxLength={500}
              aria-label={t('purposeOwn')}
              placeholder={t('purposeOwnHint')}
              onPressEnter={form.submit}
            />
          </Form.Item>
        ) : (
          !isLive && (
            <Form.Item name="detail" label={t('purposeDetail')}>
              <Input maxLength={500} onPressEnter={form.submit} />
            </Form.Item>
          )
        )}
        <Form.Item name="whom" label={t('purposeWhom')} className="purpose-choices">
          <Radio.Group aria-label={t('purposeWhom')}>
            <Radio value="own">{t('purposeWhomOwn', { unit: me.unit })}</Radio>
            <Radio value="other">{t('purposeWhomOther')}</Radio>
          </Radio.Group>
        </Form.Item>
        {whom === 'other' && (
          <>
            <Form.Item
              name="other"
              rules={[{ required: true, whitespace: true, min: 2, message: t('purposeWhomMissing') }]}
            >
              <Input
                maxLength={200}
                aria-label={t('purposeWhomOther')}
                placeholder={t('purposeWhomHint')}
                onPressEnter={form.submit}
              />
            </Form.Item>
            <Form.Item name="authority" label={t('purposeAuthority')}>
              <Input maxLength={200} onPressEnter={form.submit} />
            </Form.Item>
          </>
        )}
      </Form>
    </Modal>
  );
}

/** Controls that every page uses: a button that says why it is grey, a question for the reason, switches. */
import { App, Button, type ButtonProps, Form, Input, Modal, Segmented, Tooltip } from 'antd';
import { type ReactNode, useState } from 'react';
import type { z } from 'zod';
import type { Action } from '../../../src/contract/index.ts';
import { sayRefusal, sentenceOf } from '../api.ts';
import { chooseTheme, type ThemeChoice, themeChoices, useTheme } from '../theme.ts';
import { chooseLanguage, type Language, useLanguage, useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { Said } from './states.tsx';

/** As a reply says it: yes, or no and which refusal it would be. */
export type Can = Readonly<Record<string, true | { readonly no: string }>>;

/** Why a thing cannot be done, in a sentence; null when it can. */
export function whyNot(can: Can, action: Action): string | null {
  const answer = can[action];
  if (answer === true) return null;
  return sayRefusal(answer?.no ?? 'gate.denied', { action });
}

/** A grey button can still be reached and read: it says why, by pointer, by keyboard and by ear. */
export function WhyButton({ why, onClick, children, ...rest }: ButtonProps & { why: string | null }) {
  if (why === null) {
    return (
      <Button {...rest} {...(onClick ? { onClick } : {})}>
        {children}
      </Button>
    );
  }
  return (
    <Tooltip title={why} trigger={['hover', 'focus', 'click']}>
      <Button {...rest} className={`greyed ${rest.className ?? ''}`} aria-disabled="true" htmlType="button">
        {children}
        <span className="hidden-words">{why}</span>
      </Button>
    </Tooltip>
  );
}

/** Steps that cannot be undone ask for a reason, not for "are you sure". */
export function ReasonDialog({
  title,
  says,
  doIt,
  run,
  close,
  extra,
}: {
  title: string;
  says: ReactNode;
  doIt: string;
  run: (reason: string) => Promise<unknown>;
  close: () => void;
  extra?: ReactNode;
}) {
  const t = useWords(shellWords);
  const [form] = Form.useForm<{ reason: string }>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async ({ reason }: { reason: string }) => {
    setBusy(true);
    setError(null);
    try {
      await run(reason.trim());
      close();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={title}
      okText={doIt}
      cancelText={t('cancel')}
      onOk={form.submit}
      onCancel={close}
      confirmLoading={busy}
    >
      <p className="dialog-says">{says}</p>
      <Said error={error} />
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void submit(values)}>
        {extra}
        <Form.Item
          name="reason"
          label={t('reason')}
          extra={t('reasonHint')}
          rules={[{ required: true, whitespace: true, message: t('reasonMissing') }]}
        >
          <Input.TextArea autoFocus rows={3} maxLength={2000} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

/** A form field's rule from the contract's own shape, with our sentence. */
export function byShape(shape: z.ZodType, sentence: string) {
  return {
    validator: (_: unknown, value: unknown) =>
      value === undefined || value === '' || shape.safeParse(value).success
        ? Promise.resolve()
        : Promise.reject(new Error(sentence)),
  };
}

/** Says in passing that something was done, or why it was not. */
export function useTell(): { done: (sentence: string) => void; failed: (error: unknown) => void } {
  const { message } = App.useApp();
  return {
    done: (sentence) => void message.success(sentence),
    failed: (error) => void message.warning(sentenceOf(error), 6),
  };
}

const languageNames: Readonly<Record<Language, string>> = { zh: '中文', en: 'English' };

export function LanguageSwitch() {
  const t = useWords(shellWords);
  const lang = useLanguage();
  return (
    <Segmented<Language>
      aria-label={t('language')}
      value={lang}
      onChange={chooseLanguage}
      options={[
        { value: 'zh', label: languageNames.zh },
        { value: 'en', label: languageNames.en },
      ]}
    />
  );
}

export function ThemeSwitch() {
  const t = useWords(shellWords);
  const { choice } = useTheme();
  const names = { auto: t('themeAuto'), light: t('themeLight'), dark: t('themeDark') };
  return (
    <Segmented<ThemeChoice>
      aria-label={t('theme')}
      value={choice}
      onChange={chooseTheme}
      options={themeChoices.map((value) => ({ value, label: names[value] }))}
    />
  );
}

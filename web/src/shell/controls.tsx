/** Controls that every page uses: a button that says why it is grey, a question for the reason, switches. */
import { App, Button, type ButtonProps, Form, Input, Segmented, Tooltip } from 'antd';
import { type ReactNode, useState } from 'react';
import type { z } from 'zod';
import type { Action } from '../../../src/contract/index.ts';
import { sayRefusal, sentenceOf } from '../api.ts';
import { useMay } from '../session.ts';
import { chooseTheme, type ThemeChoice, themeChoices, useTheme } from '../theme.ts';
import { chooseLanguage, type Language, useLanguage, useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { FormDialog } from './FormDialog.tsx';

/** As a reply says it: yes, or no and which refusal it would be. */
export type Can = Readonly<Record<string, true | { readonly no: string }>>;

/** Why a thing cannot be done, in a sentence; null when it can. */
export function whyNot(can: Can, action: Action): string | null {
  const answer = can[action];
  if (answer === true) return null;
  return sayRefusal(answer?.no ?? 'gate.denied', { action });
}

/** Why this person cannot do a thing anywhere; null when they can. */
export function useWhyNot(): (action: Action) => string | null {
  const may = useMay();
  return (action) => (may(action) ? null : sayRefusal('gate.denied', { action }));
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
export function ReasonDialog<More extends object = object>({
  title,
  says,
  doIt,
  run,
  close,
  extra,
  initialValues,
}: {
  title: string;
  says: ReactNode;
  doIt: string;
  run: (reason: string, more: More) => Promise<unknown>;
  close: () => void;
  /** Fields that stand before the reason; the first of them takes the focus. */
  extra?: ReactNode;
  initialValues?: More;
}) {
  const [form] = Form.useForm<More & { reason: string }>();
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (values: More & { reason: string }) => {
    setPending(true);
    setError(null);
    try {
      await run(values.reason.trim(), values);
      close();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setPending(false);
    }
  };
  return (
    <FormDialog<More & { reason: string }>
      title={title}
      says={says}
      doIt={doIt}
      form={form}
      saving={{ isPending, error }}
      submit={(values) => void submit(values)}
      close={close}
      {...(initialValues ? { initialValues: initialValues as Partial<More & { reason: string }> } : {})}
    >
      {extra}
      <ReasonField autoFocus={!extra} rows={3} />
    </FormDialog>
  );
}

/** Why a thing is done: asked wherever it stands in the ledger. */
export function ReasonField({ autoFocus = false, rows = 2 }: { autoFocus?: boolean; rows?: number }) {
  const t = useWords(shellWords);
  return (
    <Form.Item
      name="reason"
      label={t('reason')}
      extra={t('reasonHint')}
      rules={[{ required: true, whitespace: true, message: t('reasonMissing') }]}
    >
      <Input.TextArea autoFocus={autoFocus} rows={rows} maxLength={2000} />
    </Form.Item>
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

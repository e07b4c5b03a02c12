/** A field for a new password: it can be shown, and says in a sentence how good it is. */
import { Button, Form, Input } from 'antd';
import { isGoodEnough, leastPasswordLength, makePassword, strengthOf } from '../strength.ts';
import { useWords } from '../useWords.ts';
import { passwordWords } from '../words/entry.ts';
import { shellWords } from '../words/shell.ts';

interface Props {
  readonly label: string;
  readonly field: string;
  /** The person's sign-in name, which the password must not contain. */
  readonly personName: string;
  /** Offers to make one, to be handed over. Then it is shown as plain text. */
  readonly offers?: boolean;
  readonly optional?: boolean;
}

export function NewPassword({ label, field, personName, offers, optional }: Props) {
  const t = useWords(passwordWords);
  const shell = useWords(shellWords);
  const form = Form.useFormInstance();
  const value: string = Form.useWatch(field, form) ?? '';
  const strength = strengthOf(value, personName);
  const sentence = t(strength, { least: leastPasswordLength, length: [...value].length });
  const rule = {
    validator: (_: unknown, given: string | undefined) => {
      if (!given) return optional ? Promise.resolve() : Promise.reject(new Error(shell('required')));
      return isGoodEnough(strengthOf(given, personName)) ? Promise.resolve() : Promise.reject(new Error(''));
    },
  };
  return (
    <>
      <Form.Item
        name={field}
        label={label}
        rules={[rule]}
        validateTrigger={[]}
        extra={
          <span className={`strength strength-${strength}`} aria-live="polite">
            <span className="strength-bar" aria-hidden="true">
              <span />
              <span />
              <span />
            </span>
            {sentence}
          </span>
        }
      >
        {offers ? (
          <Input className="mono" maxLength={256} autoComplete="off" spellCheck={false} />
        ) : (
          <Input.Password maxLength={256} autoComplete="new-password" />
        )}
      </Form.Item>
      {offers && (
        <p className="form-aside">
          <Button
            size="small"
            onClick={() => {
              form.setFieldValue(field, makePassword());
              void form.validateFields([field]).catch(() => undefined);
            }}
          >
            {t('make')}
          </Button>{' '}
          <span className="soft">{t('made')}</span>
        </p>
      )}
    </>
  );
}

/** Typed blind, it is typed twice. */
export function PasswordAgain({ of }: { of: string }) {
  const t = useWords(passwordWords);
  return (
    <Form.Item
      name={`${of}Again`}
      label={t('again')}
      dependencies={[of]}
      rules={[
        ({ getFieldValue }) => ({
          validator: (_, given) =>
            (given ?? '') === (getFieldValue(of) ?? '')
              ? Promise.resolve()
              : Promise.reject(new Error(t('differs'))),
        }),
      ]}
      validateTrigger="onBlur"
    >
      <Input.Password maxLength={256} autoComplete="new-password" />
    </Form.Item>
  );
}

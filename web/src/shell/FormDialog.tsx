/** A form in a dialog of its own: what the server refuses is said above it, and what was typed stays. */
import { Form, type FormInstance, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { Said } from './states.tsx';

export function FormDialog<V extends object>({
  title,
  says,
  doIt,
  form,
  initialValues,
  saving,
  submit,
  close,
  width,
  children,
}: {
  title: string;
  says?: ReactNode;
  /** What the button says; absent: to save. */
  doIt?: string;
  form: FormInstance<V>;
  initialValues?: Partial<V>;
  /** The change that is under way, and why it was not taken. */
  saving: { readonly isPending: boolean; readonly error: unknown };
  submit: (values: V) => void;
  close: () => void;
  width?: number;
  children: ReactNode;
}) {
  const shell = useWords(shellWords);
  return (
    <Modal
      open
      title={title}
      okText={doIt ?? shell('save')}
      cancelText={shell('cancel')}
      onOk={form.submit}
      onCancel={close}
      confirmLoading={saving.isPending}
      {...(width === undefined ? {} : { width })}
    >
      {says && <p className="dialog-says">{says}</p>}
      <Said error={saving.error} />
      <Form<V>
        form={form}
        layout="vertical"
        requiredMark={false}
        autoComplete="off"
        scrollToFirstError
        onFinish={submit}
        {...(initialValues === undefined ? {} : { initialValues })}
      >
        {children}
      </Form>
    </Modal>
  );
}

/** A number and its unit, side by side: `6 months`. */
import { Form, InputNumber, Select, Space } from 'antd';
import type { NamePath } from 'antd/es/form/interface';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { shellWords } from '../words/shell.ts';

export type PeriodUnit = 'hour' | 'day' | 'month' | 'year';
export const longUnits = ['day', 'month', 'year'] as const;

export function PeriodFields({
  n,
  unit,
  units,
  required,
}: {
  /** Names of the two fields in the form around. */
  n: NamePath;
  unit: NamePath;
  units: readonly PeriodUnit[];
  required: boolean;
}) {
  const t = useWords(keepingWords);
  const shell = useWords(shellWords);
  return (
    <Space.Compact>
      <Form.Item name={n} noStyle rules={required ? [{ required: true, message: shell('required') }] : []}>
        <InputNumber min={1} max={3660} precision={0} aria-label={t('periodN')} style={{ width: 96 }} />
      </Form.Item>
      <Form.Item name={unit} noStyle>
        <Select
          aria-label={t('periodUnit')}
          popupMatchSelectWidth={false}
          options={units.map((value) => ({ value, label: t(`unit_${value}`) }))}
        />
      </Form.Item>
    </Space.Compact>
  );
}

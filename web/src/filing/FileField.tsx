/** A file of the reader's own, as a field of a form: a plain input, so that keyboard and screen reader find it. */
export function FileField({
  id,
  accept,
  says,
  onChange,
}: {
  id?: string;
  accept: string;
  says: string;
  value?: File;
  onChange?: (file: File | undefined) => void;
}) {
  return (
    <input
      type="file"
      accept={accept}
      className="file-field"
      {...(id === undefined ? {} : { id })}
      title={says}
      onChange={(event) => onChange?.(event.target.files?.[0])}
    />
  );
}

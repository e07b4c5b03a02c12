/** Shapes that several domains share. Everything that comes from outside has a bound. */
import { z } from 'zod';

export const id = z.string().regex(/^[a-z]{2,6}_[0-9a-hjkmnp-tv-z]{22}$/);
/** RFC 3339, UTC. */
export const instant = z.iso.datetime({ precision: 3 });
/** What a caller may send: RFC 3339 with any offset and precision. */
export const instantIn = z.iso.datetime({ offset: true }).max(40);
/** A name a person gives: no control characters, trimmed, 1–80 characters. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u);
export const note = z
  .string()
  .trim()
  .max(2000)
  .regex(/^[^\p{Cc}]*$/u);
export const byId = z.object({ id });
export const nothing = z.object({}).strict();

export const page = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
});

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().optional() });

/** What the caller may do with a thing: yes, or no and why (a refusal code of the catalogue). */
export const can = z.record(z.string(), z.union([z.literal(true), z.object({ no: z.string() })]));

export const roles = [
  ...(['administrator', 'maintainer', 'watcher', 'approver', 'auditor'] as const),
  // Of filings: the unit's compliance officer; the organ's clerk at its desk; a unit's own people at that desk.
  ...(['filer', 'receiver', 'delegate'] as const),
] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

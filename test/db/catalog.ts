/** Everything a schema consists of, as sorted lines: what two databases are compared by. */
import pg from 'pg';

const own = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_temp'`;

const queries = {
  relations: `
    select format('%s %s %s %s %s', c.relkind, c.oid::regclass, c.relpersistence, c.relrowsecurity, c.reloptions) line
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${own} and c.relkind <> 'i'`,
  columns: `
    select format('%s.%s %s notnull=%s default=%s identity=%s generated=%s collation=%s', c.oid::regclass, a.attname,
      format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
      a.attgenerated, nullif(a.attcollation, 0)::regcollation) line
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where ${own} and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'S')`,
  constraints: `
    select format('%s %s %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) line
    from pg_constraint k join pg_namespace n on n.oid = k.connamespace where ${own}`,
  indexes: `
    select format('%s', pg_get_indexdef(i.indexrelid)) line
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where ${own}`,
  comments: `
    select format('%s: %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description) line
    from pg_description d where d.classoid = 'pg_class'::regclass
      and exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = d.objoid and ${own})`,
  views: `
    select format('%s %s', c.oid::regclass, pg_get_viewdef(c.oid)) line
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${own} and c.relkind in ('v', 'm')`,
  functions: `
    select format('%s', pg_get_functiondef(p.oid)) line
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${own} and p.prokind in ('f', 'p')`,
  triggers: `
    select format('%s', pg_get_triggerdef(t.oid)) line from pg_trigger t where not t.tgisinternal`,
  policies: `select format('%s', to_jsonb(p)) line from pg_policies p`,
  partitions: `
    select format('%s of %s: %s', c.oid::regclass, i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid)) line
    from pg_inherits i join pg_class c on c.oid = i.inhrelid`,
  sequences: `select format('%s', to_jsonb(s) - 'last_value') line from pg_sequences s`,
  enums: `
    select format('%s %s %s', e.enumtypid::regtype, e.enumsortorder, e.enumlabel) line from pg_enum e`,
  domains: `
    select format('%s %s', t.oid::regtype, format_type(t.typbasetype, t.typtypmod)) line
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${own} and t.typtype = 'd'`,
  extensions: `select format('%s', extname) line from pg_extension`,
};

export async function readCatalog(connect: pg.ClientConfig): Promise<string[]> {
  const client = new pg.Client(connect);
  await client.connect();
  try {
    const lines: string[] = [];
    for (const [kind, sql] of Object.entries(queries)) {
      const { rows } = await client.query<{ line: string }>(sql);
      lines.push(...rows.map((row) => `${kind}: ${row.line}`));
    }
    return lines.sort();
  } finally {
    await client.end();
  }
}

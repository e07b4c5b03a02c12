/** The endpoints of deletion certificates: listed, read whole, and on paper. */
import { rfc3339 } from '../base/index.ts';
import { keeping as contract } from '../contract/index.ts';
import { type Certificate, type CertificateHead, findCertificate, listCertificates } from '../store/index.ts';
import { certificatePaper, certificateTemplate } from './certificate-paper.ts';
import { type Edge, mount } from './route.ts';
import { typeset } from './typeset.ts';

const orNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(Math.round(ms)));
const at = (ms: number): string => rfc3339(Math.round(ms));

const asHead = (head: CertificateHead) => ({
  id: head.id,
  no: head.no,
  cameraId: head.cameraId,
  cameraName: head.cameraName,
  siteName: head.siteName,
  day: head.day,
  state: head.state,
  why: head.why,
  ordered: at(head.orderedMs),
  orderedBy: head.orderedBy,
  finished: orNull(head.finishedMs),
  count: head.count,
  bytes: head.bytes,
  trouble: head.trouble,
  problem: head.problem && { code: head.problem.code, values: { ...head.problem.values } },
  again: orNull(head.againMs),
});

const asCertificate = (certificate: CertificateHead & Certificate) => ({
  ...asHead(certificate),
  because: certificate.because.map((reason) => ({ ...reason })),
  digest: certificate.digest,
  seq: certificate.seq,
  timeZone: certificate.timeZone,
  segments: certificate.segments.map((segment) => ({ ...segment })),
  missing: [...certificate.missing],
  keys: certificate.keys.map((key) => ({ ...key })),
  keysKept: certificate.keysKept.map((key) => ({ ...key })),
});

export function mountCertificates(edge: Edge): void {
  mount(edge, contract.certificates, {
    handle: async ({ query }) => {
      const before = query.cursor === undefined ? null : Number(query.cursor);
      const filter = {
        limit: query.limit + 1,
        beforeNo: before !== null && Number.isSafeInteger(before) ? before : null,
        cameraId: query.camera ?? null,
      };
      const rows = await listCertificates(edge.db.kysely, filter);
      const items = rows.slice(0, query.limit).map(asHead);
      const last = items.at(-1);
      return rows.length > query.limit && last ? { items, next: String(last.no) } : { items };
    },
  });
  mount(edge, contract.certificateById, {
    handle: async ({ params }) => asCertificate(await findCertificate(edge.db.kysely, params.id)),
  });
  mount(edge, contract.certificatePaper, {
    handle: async ({ params, reply }) => {
      const certificate = await findCertificate(edge.db.kysely, params.id);
      const paper = certificatePaper(certificate, (await edge.gate.unit())?.name ?? '');
      const name = `custos-certificate-${certificate.no}.pdf`;
      reply
        .header('content-type', 'application/pdf')
        .header('content-disposition', `attachment; filename="${name}"`);
      return typeset(certificateTemplate, paper, edge.log);
    },
  });
}

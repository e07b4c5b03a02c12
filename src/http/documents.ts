/** The endpoints of the file behind a record. A picture is shown to whoever may see the camera or sets it up. */
import { Refusal } from '../base/index.ts';
import { addDocument, findCamera, findDocument, findRecord, findSite } from '../collect/index.ts';
import { collect } from '../contract/index.ts';
import type { Subject } from '../gate/index.ts';
import { type Edge, mount } from './route.ts';

export function mountDocuments(edge: Edge): void {
  const db = edge.db.kysely;
  const subject = async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { cameraId, siteId } = await findRecord(db, params.id);
    if (cameraId === null) return { kind: 'site', id: siteId, name: (await findSite(db, siteId)).name };
    return { kind: 'camera', id: cameraId, name: (await findCamera(db, cameraId)).name, siteId };
  };
  mount(edge, collect.addDocument, {
    subject,
    handle: async ({ params, body, grant, change }) => {
      const bytes = Buffer.from(body.content, 'base64');
      const { sha256, type } = await change(
        (trx) => addDocument(trx, grant, { recordId: params.id, name: body.name, bytes }),
        (made) => ({ detail: { record: params.id, document: body.name, ...made } }),
      );
      return { name: body.name, type, sha256 };
    },
  });
  mount(edge, collect.recordDocument, {
    subject,
    handle: async ({ who, params, grant, note, reply }) => {
      const { name, type, bytes, sha256 } = await findDocument(db, params.id);
      const may = (action: 'view.live' | 'camera.configure') =>
        edge.gate.can(who, action, grant.subject) === true;
      const isPicture = type !== 'application/pdf';
      if (isPicture && !may('view.live') && !may('camera.configure'))
        throw new Refusal('gate.denied', { action: 'view.live' });
      await note({ detail: { record: params.id, document: name, sha256 } });
      // It came from outside: it is shown as what it is, or saved, and runs nothing.
      reply
        .header('content-type', type)
        .header('x-content-type-options', 'nosniff')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header(
          'content-disposition',
          `${isPicture ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(name)}`,
        );
      return bytes;
    },
  });
}

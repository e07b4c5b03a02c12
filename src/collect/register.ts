/**
 * The register of cameras in memory: what is not retired, as committed. Whoever changed a row says so here, after the
 * commit; whoever has to act on it (pulls, gaps, consoles) listens.
 */
import { Refusal } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { type Camera, findCamera, listCameras } from './cameras.ts';

export interface CameraChanged {
  readonly before: Camera | null;
  readonly after: Camera;
  /** Name of the person, as a gap names them. */
  readonly by: string;
}

/** For more than these the whole register is read in one go. */
const fewSites = 10;

export class CameraRegister {
  readonly #db: Database;
  readonly #cameras = new Map<string, Camera>();
  readonly #listeners = new Set<(change: CameraChanged) => void>();

  constructor(db: Database) {
    this.#db = db;
  }

  async load(): Promise<readonly Camera[]> {
    const cameras = await listCameras(this.#db.kysely);
    this.#cameras.clear();
    for (const camera of cameras) this.#cameras.set(camera.id, camera);
    return cameras;
  }

  onChange(listener: (change: CameraChanged) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called after the commit that changed the camera. */
  async changed(id: string, by: string): Promise<Camera> {
    const before = this.#cameras.get(id) ?? null;
    const after = await findCamera(this.#db.kysely, id);
    // Of two calls that cross, the older row must not come last.
    const present = this.#cameras.get(id);
    if (present && present.revision > after.revision) return present;
    if (after.retired) this.#cameras.delete(id);
    else this.#cameras.set(id, after);
    for (const listener of this.#listeners) listener({ before, after, by });
    return after;
  }

  /** After a site was changed, or what stands on record there: its cameras may have taken a step with it. */
  async siteChanged(siteId: string, by: string): Promise<void> {
    for (const after of await listCameras(this.#db.kysely, siteId)) {
      const before = this.#cameras.get(after.id) ?? null;
      if (before && before.revision > after.revision) continue;
      this.#cameras.set(after.id, after);
      if (before?.step !== after.step)
        for (const listener of this.#listeners) listener({ before, after, by });
    }
  }

  /** After many cameras were made or changed at once; `ids` are those. */
  async imported(siteIds: readonly string[], ids: ReadonlySet<string>, by: string): Promise<void> {
    const lists = siteIds.length > fewSites ? [undefined] : siteIds;
    for (const siteId of lists)
      for (const after of await listCameras(this.#db.kysely, siteId)) {
        const before = this.#cameras.get(after.id) ?? null;
        if (before && before.revision > after.revision) continue;
        this.#cameras.set(after.id, after);
        if (ids.has(after.id)) for (const listener of this.#listeners) listener({ before, after, by });
      }
  }

  get(id: string): Camera | undefined {
    return this.#cameras.get(id);
  }

  /** Refuses what does not exist or is retired. */
  require(id: string): Camera {
    const camera = this.#cameras.get(id);
    if (!camera) throw new Refusal('camera.unknown');
    return camera;
  }

  all(): Camera[] {
    return [...this.#cameras.values()];
  }
}

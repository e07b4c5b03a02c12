/** Every profile, and a site's chain of them: naming a province brings the nation with it. */
import type { Profile } from '../clause.ts';
import { cnNational } from './cn.ts';
import { cnLiaoning, cnQingdao } from './cn-local.ts';
import { es, euGdpr, fr, kr, lu, uk } from './foreign.ts';
import { companyInternal, schoolInternal, smartCity } from './policy.ts';
import { guardService, hotel, keyTarget, nursery, school, songAndDance } from './sector.ts';

export const profiles: readonly Profile[] = [
  cnNational,
  cnLiaoning,
  cnQingdao,
  keyTarget,
  school,
  nursery,
  hotel,
  guardService,
  songAndDance,
  smartCity,
  schoolInternal,
  companyInternal,
  euGdpr,
  fr,
  es,
  lu,
  uk,
  kr,
];

const byId = new Map(profiles.map((profile) => [profile.id, profile]));

export const profileOf = (id: string): Profile | undefined => byId.get(id);

/** The named profiles and their parents, each once, most general first. Throws on a name that is none. */
export function profilesOf(ids: readonly string[]): readonly Profile[] {
  const found = new Set<Profile>();
  const take = (id: string) => {
    const profile = byId.get(id);
    if (!profile) throw new RangeError(`no such profile: ${id}`);
    if (profile.parent) take(profile.parent);
    found.add(profile);
  };
  ids.forEach(take);
  return [...found];
}

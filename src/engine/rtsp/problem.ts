/** How a link fails: an error that carries the one problem the console will show. */
import type { CameraProblem, Problem } from '../../contract/causes.ts';

export class LinkProblem extends Error {
  override readonly name = 'LinkProblem';
  readonly problem: Problem;

  constructor(code: CameraProblem, values: Problem['values'] = {}, cause?: unknown) {
    super(code, { cause });
    this.problem = { code, values };
  }
}

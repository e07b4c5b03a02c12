/** The wall: the cameras of the register by name and state. */
import { collect } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { Page } from '../shell/Page.tsx';
import { Loaded } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';

export function WallPage() {
  const t = useWords(shellWords);
  const found = useCall(collect.cameras, {});
  return (
    <Page title={t('wall')} wide>
      <Loaded of={found}>
        {({ items }) => (
          <ul>
            {items.map((each) => (
              <li key={each.id}>{each.name}</li>
            ))}
          </ul>
        )}
      </Loaded>
    </Page>
  );
}

/** One camera: its name and state. */
import { useParams } from '@tanstack/react-router';
import { collect } from '../../../src/contract/index.ts';
import { useCall } from '../api.ts';
import { Page } from '../shell/Page.tsx';
import { Loaded } from '../shell/states.tsx';

export function CameraPage() {
  const { id = '' } = useParams({ strict: false });
  const found = useCall(collect.cameraById, { params: { id } });
  return (
    <Loaded of={found}>
      {(camera) => (
        <Page title={camera.name} wide>
          {camera.siteName}
        </Page>
      )}
    </Loaded>
  );
}

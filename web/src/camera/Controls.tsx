/** What can be done with the picture: play, step, speed, sound, still, clip, full screen. */
import {
  CameraOutlined,
  CaretRightOutlined,
  FullscreenOutlined,
  MutedOutlined,
  PauseOutlined,
  QuestionCircleOutlined,
  ScissorOutlined,
  SoundOutlined,
  StepBackwardOutlined,
  StepForwardOutlined,
} from '@ant-design/icons';
import { Button, Segmented, Select, Switch, Tooltip } from 'antd';
import { canPaint, type LiveMode, type PlaybackStatus, type Speed, speeds } from '../player/index.ts';
import { WhyButton } from '../shell/controls.tsx';
import { useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';
import { playerWords } from '../words/player.ts';

export function PlaybackControls({
  status,
  onPlay,
  onStep,
  onSpeed,
  onGaps,
}: {
  status: PlaybackStatus | null;
  onPlay: (plays: boolean) => void;
  onStep: (by: 1 | -1) => void;
  onSpeed: (speed: Speed) => void;
  onGaps: (gaps: 'skip' | 'wait') => void;
}) {
  const t = useWords(cameraPageWords);
  const plays = status?.wantsToPlay ?? false;
  const playWord = plays ? t('pausePlay') : t('play');
  return (
    <fieldset className="controls-group" aria-label={t('controls')}>
      <Tooltip title={t('stepBack')}>
        <Button icon={<StepBackwardOutlined />} aria-label={t('stepBack')} onClick={() => onStep(-1)} />
      </Tooltip>
      <Tooltip title={playWord}>
        <Button
          type="primary"
          icon={plays ? <PauseOutlined /> : <CaretRightOutlined />}
          aria-label={playWord}
          onClick={() => onPlay(!plays)}
        />
      </Tooltip>
      <Tooltip title={t('stepOn')}>
        <Button icon={<StepForwardOutlined />} aria-label={t('stepOn')} onClick={() => onStep(1)} />
      </Tooltip>
      <Segmented<Speed>
        aria-label={t('speed')}
        value={status?.speed ?? 1}
        onChange={onSpeed}
        options={speeds.map((speed) => ({ value: speed, label: t('speedOf', { speed }) }))}
      />
      <Select<'skip' | 'wait'>
        aria-label={t('gapsPolicy')}
        value={status?.gaps ?? 'skip'}
        onChange={onGaps}
        popupMatchSelectWidth={false}
        options={[
          { value: 'skip', label: t('gapsSkip') },
          { value: 'wait', label: t('gapsWait') },
        ]}
      />
    </fieldset>
  );
}

export function LowDelaySwitch({ mode, onMode }: { mode: LiveMode; onMode: (mode: LiveMode) => void }) {
  const t = useWords(cameraPageWords);
  const can = canPaint();
  return (
    <Tooltip title={can ? t('lowDelaySays') : t('lowDelayInsecure')}>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch stands inside. */}
      <label className="low-delay">
        <Switch
          size="small"
          checked={mode === 'webcodecs'}
          disabled={!can}
          onChange={(on) => onMode(on ? 'webcodecs' : 'mediasource')}
          aria-label={t('lowDelay')}
        />
        {t('lowDelay')}
      </label>
    </Tooltip>
  );
}

export function PictureTools({
  muted,
  stillWhy,
  clipWhy,
  isSaving,
  onMuted,
  onStill,
  onClip,
  onFullScreen,
}: {
  /** Null: the stream has no sound. */
  muted: boolean | null;
  stillWhy: string | null;
  clipWhy: string | null;
  isSaving: boolean;
  onMuted: (muted: boolean) => void;
  onStill: () => void;
  onClip: () => void;
  onFullScreen: () => void;
}) {
  const t = useWords(cameraPageWords);
  const p = useWords(playerWords);
  const soundWord = muted ? p('unmute') : p('mute');
  return (
    <div className="controls-group">
      {muted !== null && (
        <Tooltip title={soundWord}>
          <Button
            icon={muted ? <MutedOutlined /> : <SoundOutlined />}
            aria-label={soundWord}
            onClick={() => onMuted(!muted)}
          />
        </Tooltip>
      )}
      <WhyButton
        icon={<CameraOutlined aria-hidden="true" />}
        why={stillWhy}
        loading={isSaving}
        onClick={onStill}
      >
        {t('snapshot')}
      </WhyButton>
      <WhyButton icon={<ScissorOutlined aria-hidden="true" />} why={clipWhy} onClick={onClip}>
        {t('clip')}
      </WhyButton>
      <Tooltip title={p('fullScreen')}>
        <Button icon={<FullscreenOutlined />} aria-label={p('fullScreen')} onClick={onFullScreen} />
      </Tooltip>
      <Tooltip title={t('keysSay')} trigger={['hover', 'focus', 'click']} placement="topRight">
        <Button type="text" icon={<QuestionCircleOutlined />} aria-label={t('keys')} />
      </Tooltip>
    </div>
  );
}

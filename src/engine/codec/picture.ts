/** What a sequence parameter set says of the picture, the same for both codecs. */

export interface PictureFormat {
  readonly width: number;
  readonly height: number;
  /** RFC 6381. */
  readonly codecString: string;
  /** max_num_reorder_frames; null when the stream does not say. */
  readonly reorderDepth: number | null;
  /** The set's own number. */
  readonly id: number;
  /**
   * All that decoding depends on, as text, without what only describes (VUI): two sets that differ elsewhere need
   * no new beginning of a file.
   */
  readonly essence: string;
}

export const saneSize = (width: number, height: number): boolean =>
  width >= 16 && height >= 16 && width <= 16_384 && height <= 16_384;

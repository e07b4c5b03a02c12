/** Floor 7, transmit: what flows from the cameras to us, and what is told to the outside. */
export { type Place, type Places, Pulls, type PullsOptions } from './pulls.ts';
export { type Delivery, type Webhook, Webhooks, type WebhooksOptions } from './webhooks.ts';

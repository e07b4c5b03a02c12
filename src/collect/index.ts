/** Floor 6, collect: sites, cameras and their present state. */
export { type Address, readAddress } from './address.ts';

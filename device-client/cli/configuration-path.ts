/** Read when it is there and no other is named. */
export const configurationPath = '/etc/thingdrop-device.json'

/** A place in a list by time: `<ISO time>#<hex id>`. */
export const listedPlace = /^\d{4}-\d{2}-\d{2}T[\d:.]{8,12}Z#[0-9a-f]{16,64}$/

/** MQTT 3.1.1, 4.7: `+` stands for one level, a last `#` for the rest; neither reaches a first level that begins with `$`. */
export function matchesTopicFilter(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false
  }
  return wanted.length === levels.length
}

/** `+` and `#` fill a level, `#` the last one. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || text.includes('\0')) return false
  const levels = text.split('/')
  return levels.every(
    (level, index) =>
      level === '+' || (level === '#' && index === levels.length - 1) || !(level.includes('+') || level.includes('#')),
  )
}

export function isTopicName(text: string): boolean {
  return isTopicFilter(text) && !/[+#]/.test(text)
}

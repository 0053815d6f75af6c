-- {split: test, arm: treatment}
LEFT(MD5('spring:' || CAST(`id` AS STRING)), 15) < 'e66666666666666'

-- {split: test, arm: control}
LEFT(MD5('spring:' || CAST(`id` AS STRING)), 15) >= 'e66666666666666'

-- {split: keys, arm: a}
LEFT(MD5('x:' || REPLACE(REPLACE(CAST(`text` AS STRING), '\\', '\\\\'), '|', '\\|') || '|' || CASE WHEN CAST(`price` AS STRING) LIKE '%.%' THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`price` AS STRING))) ELSE CAST(`price` AS STRING) END || '|' || CAST(`day` AS STRING) || '|' || DATE_FORMAT(`at`, 'yyyy-MM-dd') || 'T' || DATE_FORMAT(`at`, 'HH:mm:ss.SSSSSS') || 'Z' || '|' || DATE_FORMAT(`naive`, 'yyyy-MM-dd') || 'T' || DATE_FORMAT(`naive`, 'HH:mm:ss.SSSSSS') || 'Z' || '|' || CAST(`flag` AS STRING) || '|' || CAST(`number` AS STRING)), 15) < '553f7ced916872b'

-- {limit: {top: 1000, by: [{descending: spent}]}}
`id` IN (SELECT `id` FROM `people` WHERE NOT `id` IS NULL ORDER BY CASE WHEN `spent` <> CAST('NaN' AS DOUBLE) THEN `spent` END DESC, `id` ASC NULLS LAST LIMIT 1000)

-- {limit: {top: 5, by: [{ascending: name, nulls: first}, {descending: born}]}, of: {field: spent, above: 1}}
`id` IN (SELECT `id` FROM `people` WHERE (`spent` > CAST('1.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE)) AND NOT `id` IS NULL ORDER BY ENCODE(CAST(`name` AS STRING), 'UTF-8') ASC, `born` DESC, `id` ASC NULLS LAST LIMIT 5)

-- {limit: {top: 5, by: [{descending: price}, {ascending: flag}]}}
(`text`, `price`, `day`, `at`, `naive`, `flag`, `number`) IN (SELECT `text`, `price`, `day`, `at`, `naive`, `flag`, `number` FROM `wide` WHERE NOT `text` IS NULL AND NOT `price` IS NULL AND NOT `day` IS NULL AND NOT `at` IS NULL AND NOT `naive` IS NULL AND NOT `flag` IS NULL AND NOT `number` IS NULL ORDER BY `price` DESC, `flag` ASC NULLS LAST, ENCODE(CAST(`text` AS STRING), 'UTF-8') ASC NULLS LAST, `price` ASC NULLS LAST, `day` ASC NULLS LAST, `at` ASC NULLS LAST, `naive` ASC NULLS LAST, `flag` ASC NULLS LAST, `number` ASC NULLS LAST LIMIT 5)

-- {limit: {sample: 100, seed: it's}, of: {segment: rich}}
`id` IN (SELECT `id` FROM `people` WHERE (`spent` > CAST('100.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE)) AND NOT `id` IS NULL ORDER BY LEFT(MD5('it\'s:' || CAST(`id` AS STRING)), 15) NULLS LAST, `id` ASC NULLS LAST LIMIT 100)

-- {limit: {sample: 12.5 %, seed: a}, of: {segment: rich}}
(`spent` > CAST('100.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE)) AND LEFT(MD5('a:' || CAST(`id` AS STRING)), 15) < '200000000000000'

-- {none: [{segment: few}]}
NOT COALESCE(`id` IN (SELECT `id` FROM `people` WHERE NOT `id` IS NULL ORDER BY CASE WHEN `spent` <> CAST('NaN' AS DOUBLE) THEN `spent` END DESC, `id` ASC NULLS LAST LIMIT 10), FALSE)

-- {segment: listed}
NOT `born` IS NULL AND NOT COALESCE(`spent` > CAST('100.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE), FALSE)

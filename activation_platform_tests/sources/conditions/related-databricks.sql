-- {has: orders}
`id` IN (SELECT `customer` FROM `orders` WHERE NOT `customer` IS NULL)

-- {has: orders, at_least: 2, in_last: 90 days}
`id` IN (SELECT `customer` FROM `orders` WHERE (`at` > CAST('2024-01-01 12:30:00+00:00' AS TIMESTAMP) AND `at` <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP)) AND NOT `customer` IS NULL GROUP BY `customer` HAVING COUNT(*) >= 2)

-- {has: orders, at_most: 2}
NOT COALESCE(`id` IN (SELECT `customer` FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer` HAVING COUNT(*) >= 3), FALSE)

-- {has: orders, exactly: 0}
NOT COALESCE(`id` IN (SELECT `customer` FROM `orders` WHERE NOT `customer` IS NULL), FALSE)

-- {has: orders, exactly: 3}
`id` IN (SELECT `customer` FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer` HAVING COUNT(*) = 3)

-- {has: orders, at_least: 2, at_most: 4}
`id` IN (SELECT `customer` FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer` HAVING COUNT(*) >= 2 AND COUNT(*) <= 4)

-- {has: orders, where: {has: lines, where: {field: sku, equals: x}}}
`id` IN (SELECT `customer` FROM `orders` WHERE `id` IN (SELECT `order` FROM `lines` WHERE `sku` = 'x' AND NOT `order` IS NULL) AND NOT `customer` IS NULL)

-- {has: local, in_next: 1 month}
(`id`, `shop`) IN (SELECT `customer`, `shop` FROM `orders` WHERE (`at` > CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP) AND `at` <= CAST('2024-04-30 12:30:00+00:00' AS TIMESTAMP)) AND NOT `customer` IS NULL AND NOT `shop` IS NULL)

-- {has: orders, where: {segment: heavy}}
`id` IN (SELECT `customer` FROM `orders` WHERE (`weight` > CAST('2.0' AS DOUBLE) AND `weight` <> CAST('NaN' AS DOUBLE)) AND NOT `customer` IS NULL)

-- {aggregate: {sum: total, of: orders}, above: 100}
`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, CAST(SUM(`total`) AS DECIMAL(38, 2)) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE value > CAST('100.00' AS DECIMAL(38, 2)))

-- {aggregate: {sum: weight, of: orders}, not_between: [1, 2]}
NOT COALESCE(`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, SUM(CAST(CASE WHEN `weight` <> CAST('NaN' AS DOUBLE) THEN `weight` END AS DOUBLE)) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE value >= CAST('1.0' AS DOUBLE) AND value <= CAST('2.0' AS DOUBLE)), FALSE)

-- {aggregate: {average: total, of: orders, in_last: 1 year}, at_least: 10.5}
`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, AVG(CAST(`total` AS DOUBLE)) AS value FROM `orders` WHERE (`at` > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMP) AND `at` <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP)) AND NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE value >= CAST('10.5' AS DOUBLE) AND value <> CAST('NaN' AS DOUBLE))

-- {aggregate: {min: at, of: orders}, in_last: 30 days}
`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, MIN(`at`) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE value > CAST('2024-03-01 12:30:00+00:00' AS TIMESTAMP) AND value <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP))

-- {aggregate: {max: at, of: orders}, is_null: true}
NOT COALESCE(`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, MAX(`at`) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE NOT value IS NULL), FALSE)

-- {aggregate: {distinct: shop, of: orders}, below: 3}
NOT COALESCE(`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, COUNT(DISTINCT `shop`) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE NOT COALESCE(value < 3, FALSE)), FALSE)

-- {aggregate: {last: shop, of: orders, where: {field: total, above: 1}}, equals: Lille}
`id` IN (SELECT key0 FROM (SELECT key0, value FROM (SELECT `customer` AS key0, `shop` AS value, ROW_NUMBER() OVER (PARTITION BY `customer` ORDER BY `at` DESC, `id` DESC) AS mark FROM `orders` WHERE (`total` > CAST('1.00' AS DECIMAL(10, 2)) AND NOT `customer` IS NULL) AND NOT `at` IS NULL AND NOT `shop` IS NULL) AS ranked WHERE mark = 1) AS made WHERE value = 'Lille')

-- {aggregate: {first: total, of: local}, not_equals: 5}
NOT COALESCE((`id`, `shop`) IN (SELECT key0, key1 FROM (SELECT key0, key1, value FROM (SELECT `customer` AS key0, `shop` AS key1, `total` AS value, ROW_NUMBER() OVER (PARTITION BY `customer`, `shop` ORDER BY `at` ASC, `id` ASC) AS mark FROM `orders` WHERE (NOT `customer` IS NULL AND NOT `shop` IS NULL) AND NOT `at` IS NULL AND NOT `total` IS NULL) AS ranked WHERE mark = 1) AS made WHERE value = CAST('5.00' AS DECIMAL(10, 2))), FALSE)

-- {sequence: visits, steps: [{where: {field: page, equals: basket}}, {where: {field: page, equals: paid}, within: 7 days}]}
`id` IN (SELECT step0.key0 FROM (SELECT `who` AS key0, `day` AS moment FROM `visits` WHERE `page` = 'basket' AND NOT `who` IS NULL) AS step0 JOIN (SELECT `who` AS key0, `day` AS moment FROM `visits` WHERE `page` = 'paid' AND NOT `who` IS NULL) AS step1 ON step0.key0 = step1.key0 AND step1.moment > step0.moment AND step1.moment <= step0.moment + INTERVAL '7' DAY)

-- {sequence: orders, in_last: 1 year, steps: [{}, {within: 12 hours}, {}]}
`id` IN (SELECT step0.key0 FROM (SELECT `customer` AS key0, `at` AS moment FROM `orders` WHERE (`at` > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMP) AND `at` <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP)) AND NOT `customer` IS NULL) AS step0 JOIN (SELECT `customer` AS key0, `at` AS moment FROM `orders` WHERE (`at` > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMP) AND `at` <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP)) AND NOT `customer` IS NULL) AS step1 ON step0.key0 = step1.key0 AND step1.moment > step0.moment AND step1.moment <= step0.moment + INTERVAL '43200' SECOND JOIN (SELECT `customer` AS key0, `at` AS moment FROM `orders` WHERE (`at` > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMP) AND `at` <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP)) AND NOT `customer` IS NULL) AS step2 ON step1.key0 = step2.key0 AND step2.moment > step1.moment)

-- {field: spent, above: {percentile: 80}}
CAST(`spent` AS DOUBLE) > (SELECT PERCENTILE(CAST(`spent` AS DOUBLE), 0.8) FROM `customers` WHERE NOT `spent` IS NULL AND `spent` <> CAST('NaN' AS DOUBLE)) AND `spent` <> CAST('NaN' AS DOUBLE)

-- {none: [{segment: big}]}
NOT COALESCE(`spent` > CAST('100.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE), FALSE)

-- {aggregate: {sum: total, of: orders}, above: {percentile: 80}}
`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, CAST(SUM(`total`) AS DECIMAL(38, 2)) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE CAST(value AS DOUBLE) > (SELECT PERCENTILE(CAST(value AS DOUBLE), 0.8) FROM (SELECT made0.value AS value FROM `customers` AS base LEFT JOIN (SELECT `customer` AS key0, CAST(SUM(`total`) AS DECIMAL(38, 2)) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made0 ON made0.key0 = base.`id`) AS row WHERE NOT value IS NULL))

-- {aggregate: {distinct: shop, of: orders}, at_most: {percentile: 50}}
`id` IN (SELECT key0 FROM (SELECT `customer` AS key0, COUNT(DISTINCT `shop`) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made WHERE CAST(value AS DOUBLE) <= (SELECT PERCENTILE(CAST(value AS DOUBLE), 0.5) FROM (SELECT COALESCE(made0.value, 0) AS value FROM `customers` AS base LEFT JOIN (SELECT `customer` AS key0, COUNT(DISTINCT `shop`) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made0 ON made0.key0 = base.`id`) AS row WHERE NOT value IS NULL)) OR (NOT COALESCE(`id` IN (SELECT `customer` FROM `orders` WHERE NOT `customer` IS NULL), FALSE) AND CAST(0 AS DOUBLE) <= (SELECT PERCENTILE(CAST(value AS DOUBLE), 0.5) FROM (SELECT COALESCE(made0.value, 0) AS value FROM `customers` AS base LEFT JOIN (SELECT `customer` AS key0, COUNT(DISTINCT `shop`) AS value FROM `orders` WHERE NOT `customer` IS NULL GROUP BY `customer`) AS made0 ON made0.key0 = base.`id`) AS row WHERE NOT value IS NULL))

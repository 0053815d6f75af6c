-- breakdown by shop
SELECT `value`, COUNT(*) AS `total` FROM (SELECT `shop` AS `value` FROM (SELECT `id` AS `id`, `shop` AS `shop`, `country` AS `country`, `spent` AS `spent` FROM (
SELECT * FROM customers
) AS `model`) AS `row` WHERE `country` IN ('FR', 'BE')) AS `kept` GROUP BY `value`

-- overlap of two segments
SELECT `in_0`, `in_1`, COUNT(*) AS `total` FROM (SELECT `key`, MAX(`in_0`) AS `in_0`, MAX(`in_1`) AS `in_1` FROM (SELECT CAST(`id` AS STRING) AS `key`, 1 AS `in_0`, 0 AS `in_1` FROM (SELECT `id` AS `id`, `shop` AS `shop`, `country` AS `country`, `spent` AS `spent` FROM (
SELECT * FROM customers
) AS `model`) AS `row` WHERE `country` IN ('FR', 'BE') UNION ALL SELECT CAST(`id` AS STRING) AS `key`, 0 AS `in_0`, 1 AS `in_1` FROM (SELECT `id` AS `id`, `shop` AS `shop`, `country` AS `country`, `spent` AS `spent` FROM (
SELECT * FROM customers
) AS `model`) AS `row` WHERE `spent` > CAST('100.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE)) AS `every_key` WHERE NOT `key` IS NULL GROUP BY `key`) AS `once` GROUP BY `in_0`, `in_1`

-- overlap of two segments whose key is of two columns
SELECT `in_0`, `in_1`, COUNT(*) AS `total` FROM (SELECT `key`, MAX(`in_0`) AS `in_0`, MAX(`in_1`) AS `in_1` FROM (SELECT REPLACE(REPLACE(CAST(`shop` AS STRING), '\\', '\\\\'), '|', '\\|') || '|' || REPLACE(REPLACE(CAST(`id` AS STRING), '\\', '\\\\'), '|', '\\|') AS `key`, 1 AS `in_0`, 0 AS `in_1` FROM (SELECT `id` AS `id`, `shop` AS `shop`, `country` AS `country`, `spent` AS `spent` FROM (
SELECT * FROM customers
) AS `model`) AS `row` WHERE `country` IN ('FR', 'BE') UNION ALL SELECT REPLACE(REPLACE(CAST(`shop` AS STRING), '\\', '\\\\'), '|', '\\|') || '|' || REPLACE(REPLACE(CAST(`id` AS STRING), '\\', '\\\\'), '|', '\\|') AS `key`, 0 AS `in_0`, 1 AS `in_1` FROM (SELECT `id` AS `id`, `shop` AS `shop`, `country` AS `country`, `spent` AS `spent` FROM (
SELECT * FROM customers
) AS `model`) AS `row` WHERE `spent` > CAST('100.0' AS DOUBLE) AND `spent` <> CAST('NaN' AS DOUBLE)) AS `every_key` WHERE NOT `key` IS NULL GROUP BY `key`) AS `once` GROUP BY `in_0`, `in_1`

-- history: the keys
SELECT CAST(`id` AS STRING) AS `key` FROM (SELECT `id` AS `id`, `shop` AS `shop`, `country` AS `country`, `spent` AS `spent` FROM (
SELECT * FROM customers
) AS `model`) AS `row` WHERE `country` IN ('FR', 'BE')

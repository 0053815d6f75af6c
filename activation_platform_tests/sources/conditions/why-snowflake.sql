-- 4711: {all: [{has: orders, at_least: 2}, {segment: big}]}
SELECT COALESCE("BASE"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer" HAVING COUNT(*) >= 2) AND ("BASE"."spent" > CAST('100.0' AS DOUBLE) AND "BASE"."spent" <> CAST('NaN' AS DOUBLE)), FALSE) AS "HOLDS0", COALESCE("BASE"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer" HAVING COUNT(*) >= 2), FALSE) AS "HOLDS1", COALESCE("MADE2"."VALUE", 0) AS "AMOUNT1", COALESCE("BASE"."spent" > CAST('100.0' AS DOUBLE) AND "BASE"."spent" <> CAST('NaN' AS DOUBLE), FALSE) AS "HOLDS2", COALESCE("BASE"."spent" > CAST('100.0' AS DOUBLE) AND "BASE"."spent" <> CAST('NaN' AS DOUBLE), FALSE) AS "HOLDS3", CAST("BASE"."id" AS VARCHAR) AS "KEY", "BASE"."spent" AS "HELD0" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(*) AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE2" ON "MADE2"."KEY0" = "BASE"."id" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- 4711: {field: spent, above: {percentile: 80}}
SELECT COALESCE(CAST("BASE"."spent" AS DOUBLE) > (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE)) FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE NOT "spent" IS NULL AND "spent" <> CAST('NaN' AS DOUBLE)) AND "BASE"."spent" <> CAST('NaN' AS DOUBLE), FALSE) AS "HOLDS0", (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE)) FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE NOT "spent" IS NULL AND "spent" <> CAST('NaN' AS DOUBLE)) AS "LIMIT0", CAST("BASE"."id" AS VARCHAR) AS "KEY", "BASE"."spent" AS "HELD0" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- 4711: {aggregate: {distinct: shop, of: orders}, above: {percentile: 50}}
SELECT COALESCE("BASE"."id" IN (SELECT "KEY0" FROM (SELECT "customer" AS "KEY0", COUNT(DISTINCT "shop") AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE" WHERE CAST("VALUE" AS DOUBLE) > (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST("VALUE" AS DOUBLE)) FROM (SELECT COALESCE("MADE0"."VALUE", 0) AS "VALUE" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(DISTINCT "shop") AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "ROW" WHERE NOT "VALUE" IS NULL)) OR (NOT COALESCE("BASE"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL), FALSE) AND CAST(0 AS DOUBLE) > (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST("VALUE" AS DOUBLE)) FROM (SELECT COALESCE("MADE0"."VALUE", 0) AS "VALUE" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(DISTINCT "shop") AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "ROW" WHERE NOT "VALUE" IS NULL)), FALSE) AS "HOLDS0", COALESCE("MADE1"."VALUE", 0) AS "AMOUNT0", (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST("VALUE" AS DOUBLE)) FROM (SELECT COALESCE("MADE0"."VALUE", 0) AS "VALUE" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(DISTINCT "shop") AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "ROW" WHERE NOT "VALUE" IS NULL) AS "LIMIT0", CAST("BASE"."id" AS VARCHAR) AS "KEY" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(DISTINCT "shop") AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE1" ON "MADE1"."KEY0" = "BASE"."id" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- 4711: {aggregate: {last: total, of: local}, above: 5}
SELECT COALESCE(("BASE"."id", "BASE"."shop") IN (SELECT "KEY0", "KEY1" FROM (SELECT "KEY0", "KEY1", "VALUE" FROM (SELECT "customer" AS "KEY0", "shop" AS "KEY1", "total" AS "VALUE", ROW_NUMBER() OVER (PARTITION BY "customer", "shop" ORDER BY "at" DESC NULLS LAST, "id" DESC NULLS LAST) AS "MARK" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE (NOT "customer" IS NULL AND NOT "shop" IS NULL) AND NOT "at" IS NULL AND NOT "total" IS NULL) AS "RANKED" WHERE "MARK" = 1) AS "MADE" WHERE "VALUE" > CAST('5.00' AS DECIMAL(10, 2))), FALSE) AS "HOLDS0", "MADE1"."VALUE" AS "AMOUNT0", CAST("BASE"."id" AS VARCHAR) AS "KEY" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "KEY0", "KEY1", "VALUE" FROM (SELECT "customer" AS "KEY0", "shop" AS "KEY1", "total" AS "VALUE", ROW_NUMBER() OVER (PARTITION BY "customer", "shop" ORDER BY "at" DESC NULLS LAST, "id" DESC NULLS LAST) AS "MARK" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE (NOT "customer" IS NULL AND NOT "shop" IS NULL) AND NOT "at" IS NULL AND NOT "total" IS NULL) AS "RANKED" WHERE "MARK" = 1) AS "MADE1" ON "MADE1"."KEY0" = "BASE"."id" AND "MADE1"."KEY1" = "BASE"."shop" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- 4711: {field: tier, equals: gold}
SELECT COALESCE("BASE"."tier" = 'gold', FALSE) AS "HOLDS0", "BASE"."tier" AS "FIELD0_0", COALESCE(CAST("BASE"."spent" AS DOUBLE) >= (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE)) FROM (SELECT "BASE".*, "MADE0"."VALUE" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "VALUE" FROM (SELECT "BASE".*, CAST((CAST("BASE"."total" AS DECIMAL(11, 2)) - CAST("BASE"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "BASE") AS "BASE" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "BASE" WHERE NOT "spent" IS NULL), FALSE) AS "HOLDS1", "BASE"."spent" AS "FIELD1_0", (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE)) FROM (SELECT "BASE".*, "MADE0"."VALUE" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "VALUE" FROM (SELECT "BASE".*, CAST((CAST("BASE"."total" AS DECIMAL(11, 2)) - CAST("BASE"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "BASE") AS "BASE" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "BASE" WHERE NOT "spent" IS NULL) AS "LIMIT1", COALESCE("BASE"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL) OR "BASE"."country" = 'FR', FALSE) AS "HOLDS2", COALESCE("BASE"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL), FALSE) AS "HOLDS3", COALESCE("MADE7"."VALUE", 0) AS "AMOUNT3", COALESCE("BASE"."country" = 'FR', FALSE) AS "HOLDS4", COALESCE("BASE"."country" = 'FR', FALSE) AS "HOLDS5", CAST("BASE"."id" AS VARCHAR) AS "KEY", "BASE"."country" AS "HELD0" FROM (SELECT "BASE".*, CAST(CASE WHEN CAST("BASE"."spent" AS DOUBLE) >= (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE)) FROM (SELECT "BASE".*, "MADE0"."VALUE" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "VALUE" FROM (SELECT "BASE".*, CAST((CAST("BASE"."total" AS DECIMAL(11, 2)) - CAST("BASE"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "BASE") AS "BASE" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "BASE" WHERE NOT "spent" IS NULL) THEN 'gold' WHEN "BASE"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL) OR "BASE"."country" = 'FR' THEN 'silver' ELSE 'bronze' END AS VARCHAR) AS "tier" FROM (SELECT "BASE".*, "MADE0"."VALUE" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "VALUE" FROM (SELECT "BASE".*, CAST((CAST("BASE"."total" AS DECIMAL(11, 2)) - CAST("BASE"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "BASE") AS "BASE" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id") AS "BASE") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(*) AS "VALUE" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "ROW" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "MADE7" ON "MADE7"."KEY0" = "BASE"."id" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- 4711: {field: per_order, above: 10}
SELECT COALESCE("BASE"."per_order" > CAST('10.0' AS DOUBLE) AND "BASE"."per_order" <> CAST('NaN' AS DOUBLE), FALSE) AS "HOLDS0", "BASE"."per_order" AS "FIELD0_0", "BASE"."spent" AS "FIELD0_1", "BASE"."bought" AS "FIELD0_2", CAST("BASE"."id" AS VARCHAR) AS "KEY" FROM (SELECT "BASE".*, (CAST(SIGN((CAST(CASE WHEN ABS(CAST("BASE"."spent" AS DOUBLE)) < CAST('1e+19' AS DOUBLE) THEN "BASE"."spent" END AS DOUBLE) / NULLIF(CAST("BASE"."bought" AS DOUBLE), CAST('0.0' AS DOUBLE)))) AS DOUBLE) * (FLOOR(ABS((CAST(CASE WHEN ABS(CAST("BASE"."spent" AS DOUBLE)) < CAST('1e+19' AS DOUBLE) THEN "BASE"."spent" END AS DOUBLE) / NULLIF(CAST("BASE"."bought" AS DOUBLE), CAST('0.0' AS DOUBLE)))) * CAST('100.0' AS DOUBLE) + CAST('0.5' AS DOUBLE)) / CAST('100.0' AS DOUBLE))) AS "per_order" FROM (SELECT "BASE".*, "MADE0"."VALUE" AS "spent", COALESCE("MADE1"."VALUE", 0) AS "bought" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "BASE" LEFT JOIN (SELECT "customer" AS "KEY0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "VALUE" FROM (SELECT "BASE".*, CAST((CAST("BASE"."total" AS DECIMAL(11, 2)) - CAST("BASE"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "BASE") AS "BASE" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "MADE0" ON "MADE0"."KEY0" = "BASE"."id" LEFT JOIN (SELECT "customer" AS "KEY0", COUNT(*) AS "VALUE" FROM (SELECT "BASE".*, CAST((CAST("BASE"."total" AS DECIMAL(11, 2)) - CAST("BASE"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "BASE") AS "BASE" WHERE "net" > CAST('5.00' AS DECIMAL(38, 2)) AND NOT "customer" IS NULL GROUP BY "customer") AS "MADE1" ON "MADE1"."KEY0" = "BASE"."id") AS "BASE") AS "BASE" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- 4711: {none: [{split: test, arm: control}, {limit: {top: 5, by: [{descending: spent}]}, of: {field: born, is_null: false}}]}
SELECT COALESCE(NOT COALESCE(LEFT(MD5('spring:' || CAST("BASE"."id" AS VARCHAR)), 15) >= 'e66666666666666' OR "BASE"."id" IN (SELECT "id" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "ROW" WHERE NOT "born" IS NULL AND NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 5), FALSE), FALSE) AS "HOLDS0", COALESCE(LEFT(MD5('spring:' || CAST("BASE"."id" AS VARCHAR)), 15) >= 'e66666666666666', FALSE) AS "HOLDS1", CASE WHEN LEFT(MD5('spring:' || CAST("BASE"."id" AS VARCHAR)), 15) < 'e66666666666666' THEN 'treatment' WHEN LEFT(MD5('spring:' || CAST("BASE"."id" AS VARCHAR)), 15) >= 'e66666666666666' THEN 'control' END AS "AMOUNT1", COALESCE("BASE"."id" IN (SELECT "id" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "ROW" WHERE NOT "born" IS NULL AND NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 5), FALSE) AS "HOLDS2", "MADE4"."VALUE" AS "AMOUNT2", COALESCE(NOT "BASE"."born" IS NULL, FALSE) AS "HOLDS3", CAST("BASE"."id" AS VARCHAR) AS "KEY", "BASE"."born" AS "HELD0" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "BASE" LEFT JOIN (SELECT "KEY0", MIN("PLACE") AS "VALUE" FROM (SELECT "id" AS "KEY0", ROW_NUMBER() OVER (ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC NULLS LAST, "id" ASC) AS "PLACE" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "ROW" WHERE NOT "born" IS NULL AND NOT "id" IS NULL) AS "RANKED" GROUP BY "KEY0") AS "MADE4" ON "MADE4"."KEY0" = "BASE"."id" WHERE CAST("BASE"."id" AS VARCHAR) = '4711'

-- it's \| 1|2024-03-31T12:30:00.000000Z: {field: number, above: 1}
SELECT COALESCE("BASE"."number" > 1, FALSE) AS "HOLDS0", REPLACE(REPLACE(COLLATE(CAST("BASE"."text" AS VARCHAR), ''), '\\', '\\\\'), '|', '\\|') || '|' || REPLACE(REPLACE(TO_CHAR(CONVERT_TIMEZONE('UTC', "BASE"."at"), 'YYYY-MM-DD') || 'T' || TO_CHAR(CONVERT_TIMEZONE('UTC', "BASE"."at"), 'HH24:MI:SS.FF6') || 'Z', '\\', '\\\\'), '|', '\\|') AS "KEY", "BASE"."number" AS "HELD0" FROM (SELECT "text" AS "text", "at" AS "at", "number" AS "number" FROM (
SELECT * FROM pairs
) AS "model") AS "BASE" WHERE (REPLACE(REPLACE(COLLATE(CAST("BASE"."text" AS VARCHAR), ''), '\\', '\\\\'), '|', '\\|') || '|' || REPLACE(REPLACE(TO_CHAR(CONVERT_TIMEZONE('UTC', "BASE"."at"), 'YYYY-MM-DD') || 'T' || TO_CHAR(CONVERT_TIMEZONE('UTC', "BASE"."at"), 'HH24:MI:SS.FF6') || 'Z', '\\', '\\\\'), '|', '\\|')) = 'it\'s \\| 1|2024-03-31T12:30:00.000000Z'

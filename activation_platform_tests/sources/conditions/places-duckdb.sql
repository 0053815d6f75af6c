-- {split: test, arm: treatment}
LEFT(MD5('spring:' || CAST("id" AS TEXT)), 15) < 'e66666666666666'

-- {split: test, arm: control}
LEFT(MD5('spring:' || CAST("id" AS TEXT)), 15) >= 'e66666666666666'

-- {split: keys, arm: a}
LEFT(MD5('x:' || REPLACE(REPLACE(CAST("text" AS TEXT), '\', '\\'), '|', '\|') || '|' || CASE WHEN CAST("price" AS TEXT) LIKE '%.%' THEN RTRIM(RTRIM(CAST("price" AS TEXT), '0'), '.') ELSE CAST("price" AS TEXT) END || '|' || CAST("day" AS TEXT) || '|' || STRFTIME(CAST("at" AT TIME ZONE 'UTC' AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%fZ') || '|' || STRFTIME(CAST("naive" AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%fZ') || '|' || CAST("flag" AS TEXT) || '|' || CAST("number" AS TEXT)), 15) < '553f7ced916872b'

-- {limit: {top: 1000, by: [{descending: spent}]}}
"id" IN (SELECT "id" FROM "people" WHERE NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC, "id" ASC LIMIT 1000)

-- {limit: {top: 5, by: [{ascending: name, nulls: first}, {descending: born}]}, of: {field: spent, above: 1}}
"id" IN (SELECT "id" FROM "people" WHERE ("spent" > CAST('1.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AND NOT "id" IS NULL ORDER BY ENCODE(CAST("name" AS TEXT)) ASC NULLS FIRST, "born" DESC, "id" ASC LIMIT 5)

-- {limit: {top: 5, by: [{descending: price}, {ascending: flag}]}}
("text", "price", "day", "at", "naive", "flag", "number") IN (SELECT "text", "price", "day", "at", "naive", "flag", "number" FROM "wide" WHERE NOT "text" IS NULL AND NOT "price" IS NULL AND NOT "day" IS NULL AND NOT "at" IS NULL AND NOT "naive" IS NULL AND NOT "flag" IS NULL AND NOT "number" IS NULL ORDER BY "price" DESC, "flag" ASC, ENCODE(CAST("text" AS TEXT)) ASC, "price" ASC, "day" ASC, "at" ASC, "naive" ASC, "flag" ASC, "number" ASC LIMIT 5)

-- {limit: {sample: 100, seed: it's}, of: {segment: rich}}
"id" IN (SELECT "id" FROM "people" WHERE ("spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AND NOT "id" IS NULL ORDER BY LEFT(MD5('it''s:' || CAST("id" AS TEXT)), 15), "id" ASC LIMIT 100)

-- {limit: {sample: 12.5 %, seed: a}, of: {segment: rich}}
("spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AND LEFT(MD5('a:' || CAST("id" AS TEXT)), 15) < '200000000000000'

-- {none: [{segment: few}]}
NOT COALESCE("id" IN (SELECT "id" FROM "people" WHERE NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC, "id" ASC LIMIT 10), FALSE)

-- {segment: listed}
NOT "born" IS NULL AND NOT COALESCE("spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE), FALSE)

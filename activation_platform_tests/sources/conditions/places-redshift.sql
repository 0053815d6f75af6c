-- {split: test, arm: treatment}
LEFT(MD5('spring:' || CAST("id" AS VARCHAR(MAX))), 15) < 'e66666666666666'

-- {split: test, arm: control}
LEFT(MD5('spring:' || CAST("id" AS VARCHAR(MAX))), 15) >= 'e66666666666666'

-- {split: keys, arm: a}
LEFT(MD5('x:' || REPLACE(REPLACE(COLLATE(RTRIM(CAST("text" AS VARCHAR(MAX))), 'case_sensitive'), '\\', '\\\\'), '|', '\\|') || '|' || CASE WHEN CAST("price" AS VARCHAR(MAX)) LIKE '%.%' THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST("price" AS VARCHAR(MAX)))) ELSE CAST("price" AS VARCHAR(MAX)) END || '|' || CAST("day" AS VARCHAR(MAX)) || '|' || TO_CHAR("at", 'YYYY-MM-DD') || 'T' || TO_CHAR("at", 'HH24:MI:SS.US') || 'Z' || '|' || TO_CHAR("naive", 'YYYY-MM-DD') || 'T' || TO_CHAR("naive", 'HH24:MI:SS.US') || 'Z' || '|' || CASE WHEN "flag" THEN 'true' WHEN NOT "flag" THEN 'false' END || '|' || CAST("number" AS VARCHAR(MAX))), 15) < '553f7ced916872b'

-- {limit: {top: 1000, by: [{descending: spent}]}}
"id" IN (SELECT "id" FROM "people" WHERE NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE PRECISION) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 1000)

-- {limit: {top: 5, by: [{ascending: name, nulls: first}, {descending: born}]}, of: {field: spent, above: 1}}
"id" IN (SELECT "id" FROM "people" WHERE ("spent" > CAST('1.0' AS DOUBLE PRECISION) AND "spent" <> CAST('NaN' AS DOUBLE PRECISION)) AND NOT "id" IS NULL ORDER BY COLLATE(CAST("name" AS VARCHAR(MAX)), 'case_sensitive') || CHR(1) ASC NULLS FIRST, "born" DESC NULLS LAST, "id" ASC LIMIT 5)

-- {limit: {top: 5, by: [{descending: price}, {ascending: flag}]}}
("text", "price", "day", "at", "naive", "flag", "number") IN (SELECT "text", "price", "day", "at", "naive", "flag", "number" FROM "wide" WHERE NOT "text" IS NULL AND NOT "price" IS NULL AND NOT "day" IS NULL AND NOT "at" IS NULL AND NOT "naive" IS NULL AND NOT "flag" IS NULL AND NOT "number" IS NULL ORDER BY "price" DESC NULLS LAST, "flag" ASC, COLLATE(CAST("text" AS VARCHAR(MAX)), 'case_sensitive') || CHR(1) ASC, "price" ASC, "day" ASC, "at" ASC, "naive" ASC, "flag" ASC, "number" ASC LIMIT 5)

-- {limit: {sample: 100, seed: it's}, of: {segment: rich}}
"id" IN (SELECT "id" FROM "people" WHERE ("spent" > CAST('100.0' AS DOUBLE PRECISION) AND "spent" <> CAST('NaN' AS DOUBLE PRECISION)) AND NOT "id" IS NULL ORDER BY LEFT(MD5('it\'s:' || CAST("id" AS VARCHAR(MAX))), 15), "id" ASC LIMIT 100)

-- {limit: {sample: 12.5 %, seed: a}, of: {segment: rich}}
("spent" > CAST('100.0' AS DOUBLE PRECISION) AND "spent" <> CAST('NaN' AS DOUBLE PRECISION)) AND LEFT(MD5('a:' || CAST("id" AS VARCHAR(MAX))), 15) < '200000000000000'

-- {none: [{segment: few}]}
NOT COALESCE("id" IN (SELECT "id" FROM "people" WHERE NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE PRECISION) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 10), FALSE)

-- {segment: listed}
NOT "born" IS NULL AND NOT COALESCE("spent" > CAST('100.0' AS DOUBLE PRECISION) AND "spent" <> CAST('NaN' AS DOUBLE PRECISION), FALSE)

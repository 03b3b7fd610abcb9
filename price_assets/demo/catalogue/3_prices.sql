-- a year of prices
-- Each product's price changes in a rhythm of its own, counted in days from 1970 on: some 2 % of the prices change each day, and a day's prices
-- do not depend on the day of filling. Some products have no price for a beat: they leave the lists, and come back with the next one.

CREATE FUNCTION price_tag(price numeric, product bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN price < 20 THEN round(price, 2) ELSE floor(price) + (ARRAY[0, 0.5, 0.9, 0.99])[pick(product, 27, 4) + 1] END;
COMMENT ON FUNCTION price_tag IS 'The price as shops like it: 129, 129.50, 129.90 or 129.99, each product always in one way.';

CREATE TEMPORARY TABLE beats AS
SELECT
    products.id, beat, valid_from, CASE WHEN valid_from + rhythm <= today THEN valid_from + rhythm END AS valid_to,
    goods.base * (0.6 + pick(products.id, 20, 1000) / 1000.0) * (1 + 0.08 * (valid_from - DATE '2026-01-01') / 365.0) AS base
FROM products
JOIN goods ON goods.kind = products.category_id AND goods.place = pick(products.id, 11, 4)
CROSS JOIN (SELECT current_setting('demo.today')::date AS today, current_setting('demo.today')::date - DATE '1970-01-01' AS days) AS calendar
CROSS JOIN LATERAL (SELECT 30 + pick(products.id, 21, 60) AS rhythm, pick(products.id, 22, 89) AS shift) AS own
CROSS JOIN LATERAL generate_series((days - 365 + shift) / rhythm, (days + shift) / rhythm) AS beat
CROSS JOIN LATERAL (SELECT DATE '1970-01-01' + beat * rhythm - shift AS valid_from) AS beginning
WHERE pick(products.id, 23, 20) > 0 OR pick(products.id * 10000::bigint + beat, 24, 6) > 0;

INSERT INTO retail_prices
SELECT
    id, valid_from, valid_to,
    price_tag(CASE WHEN promotion THEN full_price * 0.85 ELSE full_price END, id), CASE WHEN promotion THEN price_tag(full_price, id) END
FROM beats
CROSS JOIN LATERAL (SELECT
    (base * (0.94 + pick(id * 10000::bigint + beat, 25, 1000) * 0.00012))::numeric AS full_price,
    pick(id * 10000::bigint + beat, 26, 15) = 0 AS promotion
) AS made;

INSERT INTO wholesale_prices
SELECT
    id, daterange(valid_from, valid_to), round((base * 0.61 * (0.97 + pick(id * 10000::bigint + beat, 28, 1000) * 0.00006))::numeric, 4),
    (valid_from - 1 + make_interval(hours => 9, secs => pick(id * 10000::bigint + beat, 29, 32400000) / 1000.0)) AT TIME ZONE 'Europe/Moscow'
FROM beats;

INSERT INTO quantity_tiers
SELECT id, tier, CASE tier WHEN 2 THEN 10 ELSE 100 END * (1 + id % 3), CASE tier WHEN 2 THEN 0.05 ELSE 0.12 END + (id % 4) * 0.005
FROM categories CROSS JOIN (VALUES (2), (3)) AS tiers (tier)
WHERE id % 8 > 0 AND (tier = 2 OR id % 5 > 0); -- some have one tier, or none

-- After the rows: an index is built faster than it grows.
ALTER TABLE retail_prices ADD PRIMARY KEY (product_id, valid_from), ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE wholesale_prices ADD FOREIGN KEY (product_id) REFERENCES products;
CREATE INDEX ON retail_prices (valid_from, valid_to);
CREATE INDEX ON wholesale_prices USING gist (valid);

-- What a dealer pays and what lies in each warehouse on :export_date, for his 1C.
--
-- One row a product and warehouse, so the key is both. cp1251 has neither emoji nor Chinese, and a value that it can't hold would block the day
-- (check `formats`): so emoji are left out here, and the one such brand is written in Latin letters. ², × and é are no trouble: docs/formats.md.
WITH counts AS (
    SELECT product_id, warehouse, quantity, valid_from AS counted
    FROM stock
    WHERE valid_from <= :export_date AND (valid_to IS NULL OR valid_to > :export_date)
),
prices AS (
    SELECT product_id, price, updated
    FROM wholesale_prices
    WHERE valid @> :export_date
)
SELECT
    products.sku,
    counts.warehouse,
    products.barcode,
    rtrim(regexp_replace(replace(products.name_ru, '東森', 'Tungsen'), '[\u2600-\u27BF\uFE0F\U0001F000-\U0001FAFF]', '', 'g')) AS name,
    replace(brands.name, '東森', 'Tungsen')                              AS brand,
    products.unit,
    round(prices.price * (1 + products.vat_percent / 100.0), 2)         AS price,
    counts.quantity,
    counts.quantity >= products.pack_size                               AS available,
    counts.counted,
    date_trunc('second', prices.updated AT TIME ZONE 'Europe/Moscow')   AS updated
FROM products
JOIN prices ON prices.product_id = products.id
JOIN counts ON counts.product_id = products.id
JOIN brands ON brands.id = products.brand_id
WHERE NOT products.discontinued

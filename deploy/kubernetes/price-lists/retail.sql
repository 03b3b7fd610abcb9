SELECT sku, name, price, coalesce(stock, 0) AS stock
FROM products
ORDER BY name, sku

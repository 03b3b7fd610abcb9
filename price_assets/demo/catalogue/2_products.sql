-- products
-- Everything follows from the product's number and from absolute days, never from random() or from the day of filling, so that what a day says
-- stays the same.

CREATE FUNCTION pick(number bigint, seed bigint, choices integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((hashint8extended(number, seed) & 9223372036854775807) % choices)::integer;
COMMENT ON FUNCTION pick IS 'One of 0 … choices-1, the same for the same number and seed.';

CREATE FUNCTION with_check_digit(digits text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN digits || (10 - (
        SELECT sum(substr(digits, place, 1)::integer * CASE (length(digits) - place) % 2 WHEN 0 THEN 3 ELSE 1 END) % 10
        FROM generate_series(1, length(digits)) AS place)) % 10;
COMMENT ON FUNCTION with_check_digit IS 'The GS1 check digit, of EAN-13 and of the 18 digits on a box alike.';

INSERT INTO units VALUES ('шт', 'pcs'), ('упак', 'pack'), ('кг', 'kg'), ('л', 'l'), ('м', 'm');

INSERT INTO brands
SELECT row_number() OVER (), name, country
FROM (VALUES
    ('Каменград', 'Россия'), ('Лучеяр', 'Россия'), ('Уютово', 'Россия'), ('Братья Кузьмины', 'Россия'), ('Мастеръ & Ко', 'Россия'),
    ('Домовитый', 'Беларусь'), ('Зелёный Угол', 'Казахстан'), ('Гранд "Люкс"', 'Россия'), ('Северянка+', 'Россия'), ('Ёлки, иголки', 'Россия'),
    ('Nordvik', 'Норвегия'), ('Bergholm', 'Швеция'), ('Häuslich', 'Германия'), ('Kraftmann', 'Германия'), ('Żubrowit', 'Польша'),
    ('L''Atelier Bleu', 'Франция'), ('Señor Martillo', 'Испания'), ('Pixel & Sons, Ltd.', 'Великобритания'), ('Acmetron "Pro"', 'США'), ('東森', 'Тайвань'),
    ('Tokimori', 'Япония'), ('@home+', 'Китай'), ('Çelikhan', 'Турция'), ('Ostrów/7', 'Польша')
) AS made_up (name, country);

-- What the names are put together from: a kind is a category with its unit and VAT, a good is sold in two sizes at about its base price.
CREATE TEMPORARY TABLE kinds (id integer, code text, department text, name_ru text, name_en text, unit text, vat integer, fragile boolean, emoji text);
INSERT INTO kinds VALUES
    (1, 'DR', 'Tools', 'Электроинструмент', 'Power tools', 'шт', 22, false, '🔧'),
    (2, 'HT', 'Tools', 'Ручной инструмент', 'Hand tools', 'шт', 22, false, '🔨'),
    (3, 'FX', 'Fixings', 'Крепёж', 'Fasteners', 'упак', 22, false, '🔩'),
    (4, 'CB', 'Electrical', 'Кабель и провод', 'Cable and wire', 'м', 22, false, '⚡'),
    (5, 'LT', 'Electrical', 'Освещение', 'Lighting', 'шт', 22, true, '💡'),
    (6, 'PT', 'Building', 'Краски', 'Paints', 'л', 22, false, '🎨'),
    (7, 'MX', 'Building', 'Сухие смеси', 'Dry mixes', 'кг', 22, false, '🧱'),
    (8, 'PL', 'Bathroom', 'Сантехника', 'Plumbing', 'шт', 22, true, '🚿'),
    (9, 'HH', 'Home', 'Посуда', 'Kitchenware', 'шт', 22, true, '🍳'),
    (10, 'CL', 'Home', 'Бытовая химия', 'Household chemicals', 'шт', 22, false, '🧼'),
    (11, 'GD', 'Garden', 'Сад и огород', 'Garden', 'шт', 22, false, '🌱'),
    (12, 'FD', 'Food', 'Чай и кофе', 'Tea and coffee', 'упак', 10, false, '☕'),
    (13, 'SW', 'Food', 'Сладости', 'Sweets', 'упак', 10, false, '🍫'),
    (14, 'ST', 'Office', 'Канцелярия', 'Stationery', 'упак', 22, false, '✏️'),
    (15, 'TY', 'Children', 'Игрушки', 'Toys', 'шт', 10, true, '🧸'),
    (16, 'AU', 'Car', 'Автотовары', 'Car care', 'шт', 22, false, '🚗');

CREATE TEMPORARY TABLE goods (
    kind integer, place integer, base float8, name_ru text, name_en text, feature_ru text, feature_en text, sizes_ru text[], sizes_en text[]
);
INSERT INTO goods VALUES
    (1, 0, 5400, 'Дрель', 'Drill', 'в кейсе', 'in a case', ARRAY['450 Вт', '650 Вт'], ARRAY['450 W', '650 W']),
    (1, 1, 8900, 'Перфоратор', 'Rotary hammer', 'SDS-plus, 3 режима', 'SDS-plus, 3 modes', ARRAY['800 Вт', '1 100 Вт'], ARRAY['800 W', '1100 W']),
    (1, 2, 4200, 'Шуруповёрт', 'Cordless driver', '2 АКБ × 4 А·ч', '2 × 4 Ah batteries', ARRAY['12 В', '18 В'], ARRAY['12 V', '18 V']),
    (1, 3, 7600, 'Гайковёрт', 'Impact wrench', 'без АКБ', 'bare tool', ARRAY['18 В', '20 В'], ARRAY['18 V', '20 V']),
    (2, 0, 690, 'Молоток', 'Hammer', 'сталь У8А, закалка', 'steel U8A, hardened', ARRAY['400 г', '600 г'], ARRAY['400 g', '600 g']),
    (2, 1, 180, 'Отвёртка', 'Screwdriver', 'CrV, с магнитом', 'CrV, magnetic',
     ARRAY['PH2 × 100 мм', 'SL6 × 150 мм'], ARRAY['PH2 × 100 mm', 'SL6 × 150 mm']),
    (2, 2, 1250, 'Ключ трубный', 'Pipe wrench', 'рычаг "S"', '"S" handle', ARRAY['1 1/2"', '2"'], ARRAY['1 1/2"', '2"']),
    (2, 3, 310, 'Рулетка', 'Tape measure', 'Soft-Grip', 'soft grip', ARRAY['5 м', '10 м'], ARRAY['5 m', '10 m']),
    (3, 0, 145, 'Саморез', 'Self-tapping screw', 'с прессшайбой', 'with a washer head',
     ARRAY['4.2×16 мм', '4.2×32 мм'], ARRAY['4.2×16 mm', '4.2×32 mm']),
    (3, 1, 420, 'Болт', 'Bolt', 'жёлтый, ГОСТ 7798-70', 'yellow, GOST 7798-70', ARRAY['M8×40', 'M10×100'], ARRAY['M8×40', 'M10×100']),
    (3, 2, 8.5, 'Шайба', 'Washer', 'оцинковка, DIN 125', 'zinc-plated, DIN 125', ARRAY['M4', 'M6'], ARRAY['M4', 'M6']),
    (3, 3, 560, 'Анкер', 'Anchor', '"клиновой", А2', '"wedge", A2', ARRAY['10×100 мм', '12×130 мм'], ARRAY['10×100 mm', '12×130 mm']),
    (4, 0, 118, 'Кабель ВВГ', 'Cable VVG', 'нг(А)-LS, медь', 'ng(A)-LS, copper', ARRAY['3×1.5 мм²', '3×2.5 мм²'], ARRAY['3×1.5 mm²', '3×2.5 mm²']),
    (4, 1, 64, 'Провод ПВС', 'Wire PVS', 'белый', 'white', ARRAY['2×0.75 мм²', '2×1.5 мм²'], ARRAY['2×0.75 mm²', '2×1.5 mm²']),
    (4, 2, 42, 'Кабель UTP', 'Cable UTP', 'cat. 5e, экран', 'cat. 5e, shielded', ARRAY['2 пары', '4 пары'], ARRAY['2 pairs', '4 pairs']),
    (4, 3, 51, 'Шнур', 'Cord', 'чёрный, в оплётке', 'black, braided', ARRAY['2×0.5 мм²', '3×0.75 мм²'], ARRAY['2×0.5 mm²', '3×0.75 mm²']),
    (5, 0, 130, 'Лампа LED', 'LED lamp', 'E27, 4 000 К', 'E27, 4000 K', ARRAY['7 Вт', '10 Вт'], ARRAY['7 W', '10 W']),
    (5, 1, 1480, 'Светильник', 'Luminaire', '2 700 К, тёплый свет', '2700 K, warm', ARRAY['20 Вт', '36 Вт'], ARRAY['20 W', '36 W']),
    (5, 2, 990, 'Прожектор', 'Floodlight', 'IP65', 'IP65', ARRAY['30 Вт', '50 Вт'], ARRAY['30 W', '50 W']),
    (5, 3, 560, 'Гирлянда', 'String lights', '"Снежинка", 8 режимов ❄️', '"Snowflake", 8 modes ❄️', ARRAY['10 м', '20 м'], ARRAY['10 m', '20 m']),
    (6, 0, 780, 'Эмаль', 'Enamel', 'белый RAL 9003', 'white RAL 9003', ARRAY['0.9 л', '2.7 л'], ARRAY['0.9 l', '2.7 l']),
    (6, 1, 540, 'Краска', 'Paint', 'матовый, база A', 'matt, base A', ARRAY['5 л', '9 л'], ARRAY['5 l', '9 l']),
    (6, 2, 910, 'Лак', 'Varnish', 'без запаха', 'odourless', ARRAY['0.9 л', '2.7 л'], ARRAY['0.9 l', '2.7 l']),
    (6, 3, 230, 'Грунт', 'Primer', '-25 °C … +60 °C', '-25 °C … +60 °C', ARRAY['5 л', '10 л'], ARRAY['5 l', '10 l']),
    (7, 0, 14, 'Цемент', 'Cement', 'М500 Д0', 'M500 D0', ARRAY['25 кг', '50 кг'], ARRAY['25 kg', '50 kg']),
    (7, 1, 19, 'Штукатурка', 'Plaster', 'гипс, белый', 'gypsum, white', ARRAY['25 кг', '30 кг'], ARRAY['25 kg', '30 kg']),
    (7, 2, 27, 'Клей плиточный', 'Tile adhesive', 'C2TE, серый', 'C2TE, grey', ARRAY['5 кг', '25 кг'], ARRAY['5 kg', '25 kg']),
    (7, 3, 115, 'Затирка', 'Grout', 'морозостойкость F100', 'frost-proof F100', ARRAY['2 кг', '5 кг'], ARRAY['2 kg', '5 kg']),
    (8, 0, 3900, 'Смеситель', 'Mixer tap', 'с аэратором, хром', 'with aerator, chrome', ARRAY['35 мм', '40 мм'], ARRAY['35 mm', '40 mm']),
    (8, 1, 470, 'Сифон', 'Siphon', 'с гофрой', 'corrugated', ARRAY['1 1/4"', '1 1/2"'], ARRAY['1 1/4"', '1 1/2"']),
    (8, 2, 520, 'Кран шаровой', 'Ball valve', '"бабочка", ВР-НР', '"butterfly", F-M', ARRAY['1/2"', '3/4"'], ARRAY['1/2"', '3/4"']),
    (8, 3, 9800, 'Полотенцесушитель', 'Towel rail', 'боковое подключение', 'side connection',
     ARRAY['500×800 мм', '600×1000 мм'], ARRAY['500×800 mm', '600×1000 mm']),
    (9, 0, 1650, 'Сковорода', 'Frying pan', 'индукция', 'induction', ARRAY['24 см', '28 см'], ARRAY['24 cm', '28 cm']),
    (9, 1, 2300, 'Кастрюля', 'Saucepan', 'с крышкой, стекло', 'with lid, glass', ARRAY['3 л', '5 л'], ARRAY['3 l', '5 l']),
    (9, 2, 1900, 'Чайник', 'Kettle', 'нержавейка 18/10', 'stainless 18/10', ARRAY['1.5 л', '2 л'], ARRAY['1.5 l', '2 l']),
    (9, 3, 3400, 'Набор ножей', 'Knife set', 'покрытие «Гранит»', '"Granite" coating',
     ARRAY['5 предметов', '6 предметов'], ARRAY['5 pieces', '6 pieces']),
    (10, 0, 150, 'Гель для посуды', 'Dish gel', 'лимон & мята', 'lemon & mint', ARRAY['0.5 л', '1 л'], ARRAY['0.5 l', '1 l']),
    (10, 1, 620, 'Порошок стиральный', 'Washing powder', 'color, автомат', 'colour, automatic', ARRAY['3 кг', '6 кг'], ARRAY['3 kg', '6 kg']),
    (10, 2, 280, 'Спрей', 'Spray', 'без фосфатов', 'phosphate-free', ARRAY['0.5 л', '0.75 л'], ARRAY['0.5 l', '0.75 l']),
    (10, 3, 75, 'Мыло', 'Soap', '2-в-1', '2-in-1', ARRAY['90 г', '0.3 л'], ARRAY['90 g', '0.3 l']),
    (11, 0, 2100, 'Шланг', 'Hose', 'армированный', 'reinforced', ARRAY['3/4", 25 м', '1/2", 50 м'], ARRAY['3/4", 25 m', '1/2", 50 m']),
    (11, 1, 980, 'Секатор', 'Secateurs', 'тефлон', 'teflon', ARRAY['180 мм', '210 мм'], ARRAY['180 mm', '210 mm']),
    (11, 2, 4700, 'Тачка', 'Wheelbarrow', '2 колеса, 120 кг', '2 wheels, 120 kg', ARRAY['85 л', '110 л'], ARRAY['85 l', '110 l']),
    (11, 3, 430, 'Лейка', 'Watering can', 'с рассеивателем', 'with rose', ARRAY['5 л', '10 л'], ARRAY['5 l', '10 l']),
    (12, 0, 240, 'Чай чёрный', 'Black tea', '"Эрл Грей", бергамот', '"Earl Grey", bergamot', ARRAY['100 пак.', '200 г'], ARRAY['100 bags', '200 g']),
    (12, 1, 310, 'Чай зелёный', 'Green tea', 'листовой', 'leaf', ARRAY['100 г', '200 г'], ARRAY['100 g', '200 g']),
    (12, 2, 1350, 'Кофе в зёрнах', 'Coffee beans', 'арабика 100 %', '100 % arabica', ARRAY['500 г', '1 кг'], ARRAY['500 g', '1 kg']),
    (12, 3, 720, 'Кофе молотый', 'Ground coffee', 'подарочная упаковка 🎁', 'gift box 🎁', ARRAY['250 г', '500 г'], ARRAY['250 g', '500 g']),
    (13, 0, 130, 'Шоколад', 'Chocolate', 'горький, 72 %', 'dark, 72 %', ARRAY['90 г', '180 г'], ARRAY['90 g', '180 g']),
    (13, 1, 160, 'Печенье', 'Biscuits', 'с орехом, без сахара', 'nuts, sugar-free', ARRAY['250 г', '500 г'], ARRAY['250 g', '500 g']),
    (13, 2, 210, 'Мармелад', 'Fruit jelly', 'ассорти', 'assorted', ARRAY['250 г', '500 г'], ARRAY['250 g', '500 g']),
    (13, 3, 540, 'Конфеты', 'Candy', '"Птичье счастье"', '"Bird''s joy"', ARRAY['500 г', '1 кг'], ARRAY['500 g', '1 kg']),
    (14, 0, 390, 'Бумага', 'Paper', 'A4, класс C', 'A4, class C', ARRAY['250 л.', '500 л.'], ARRAY['250 sheets', '500 sheets']),
    (14, 1, 95, 'Ручка гелевая', 'Gel pen', 'синие чернила', 'blue ink', ARRAY['0.5 мм', '0.7 мм'], ARRAY['0.5 mm', '0.7 mm']),
    (14, 2, 260, 'Тетрадь', 'Notebook', 'клетка, 48 л.', 'squared, 48 sheets', ARRAY['10 шт', '20 шт'], ARRAY['10 pcs', '20 pcs']),
    (14, 3, 45, 'Скрепки', 'Paper clips', 'никель', 'nickel', ARRAY['28 мм', '50 мм'], ARRAY['28 mm', '50 mm']),
    (15, 0, 1900, 'Конструктор', 'Building set', '3+, 120 деталей', '3+, 120 parts', ARRAY['S', 'L'], ARRAY['S', 'L']),
    (15, 1, 1100, 'Кукла', 'Doll', 'в платье «Аля»', 'in a dress, "Alya"', ARRAY['30 см', '45 см'], ARRAY['30 cm', '45 cm']),
    (15, 2, 2400, 'Машинка', 'Toy car', 'радиоуправление', 'remote control', ARRAY['1:24', '1:18'], ARRAY['1:24', '1:18']),
    (15, 3, 640, 'Пазл', 'Puzzle', '1 000 элементов 🧩', '1000 pieces 🧩', ARRAY['50×70 см', '70×100 см'], ARRAY['50×70 cm', '70×100 cm']),
    (16, 0, 1400, 'Масло моторное', 'Motor oil', '5W-40, синтетика', '5W-40, synthetic', ARRAY['1 л', '4 л'], ARRAY['1 l', '4 l']),
    (16, 1, 520, 'Щётка стеклоочистителя', 'Wiper blade', 'бескаркасный тип', 'frameless', ARRAY['550 мм', '650 мм'], ARRAY['550 mm', '650 mm']),
    (16, 2, 760, 'Антифриз', 'Antifreeze', 'G12+, -40 °C', 'G12+, -40 °C', ARRAY['5 кг', '10 кг'], ARRAY['5 kg', '10 kg']),
    (16, 3, 3100, 'Домкрат', 'Jack', 'гидравлика', 'hydraulic', ARRAY['2 т', '3 т'], ARRAY['2 t', '3 t']);

INSERT INTO categories SELECT id, code, department, name_ru, name_en FROM kinds;

INSERT INTO products
SELECT
    number,
    kinds.code || '-' || lpad(number::text, 6, '0'),
    -- Prefix 02: GS1's range for use inside a company, so that no code is a real product's.
    CASE WHEN pick(number, 1, 50) = 0 THEN NULL
         WHEN pick(number, 1, 50) < 6 THEN with_check_digit('002' || lpad((number::bigint * 7919)::text, 14, '0'))
         ELSE with_check_digit('02' || lpad((number::bigint * 104729 % 10000000000)::text, 10, '0')) END,
    good.name_ru || ' ' || quoted.ru || ' ' || model || ', ' || good.feature_ru || ', ' || good.sizes_ru[size] || ornament,
    brand.name || ' ' || good.name_en || ' ' || quoted.en || ', ' || good.feature_en || ', ' || good.sizes_en[size] || ornament,
    (ARRAY[
        '+2 года гарантии при регистрации',
        '-10 % при покупке от 3 шт',
        'Хит продаж 🔥',
        'Подарок: рулетка 5 м; пока есть в наличии',
        '"Новая" упаковка, прежнее качество',
        '=> замена для ' || kinds.code || '-' || lpad((number % 1000 + 1)::text, 6, '0')
    ])[pick(number, 2, 24) + 1],
    (ARRAY[
        E'Sold by the box.\nReturns within 14 days, "as new" only.',
        'Ships within a day; ask for a quote above 1,000 units.',
        E'Made in small series,\nsize and shade may vary ±2 %.',
        'Store dry, at +5 … +25 °C 🌡️',
        '',
        'Replaces the model "' || model || '/A".'
    ])[pick(number, 3, 8) + 1],
    brand.id,
    kinds.id,
    kinds.unit,
    (ARRAY[1, 1, 6, 10, 12, 24, 50])[pick(number, 4, 7) + 1],
    CASE WHEN pick(number, 5, 20) > 0 THEN round((0.05 + pick(number, 6, 25000) / 1000.0)::numeric, 3) END,
    kinds.vat,
    kinds.fragile AND pick(number, 7, 3) = 0,
    pick(number, 8, 40) = 0
FROM generate_series(1, 50000) AS number
JOIN kinds ON kinds.id = pick(number, 9, 16) + 1
JOIN goods AS good ON good.kind = kinds.id AND good.place = pick(number, 11, 4)
JOIN brands AS brand ON brand.id = pick(number, 10, 24) + 1
CROSS JOIN LATERAL (SELECT
    pick(number, 12, 2) + 1 AS size,
    (ARRAY['МК', 'ТВ', 'Э', 'PRO', 'X'])[pick(number, 14, 5) + 1] || '-' || (100 + number) AS model,
    CASE WHEN pick(number, 15, 12) = 0 THEN ' ' || kinds.emoji ELSE '' END AS ornament
) AS chosen
CROSS JOIN LATERAL (SELECT
    CASE pick(number, 16, 3) WHEN 0 THEN '«' || brand.name || '»' WHEN 1 THEN '"' || brand.name || '"' ELSE brand.name END AS ru,
    CASE pick(number, 16, 3) WHEN 0 THEN '"' || model || '"' ELSE model END AS en
) AS quoted;

ALTER TABLE products ADD UNIQUE (sku), ADD UNIQUE (barcode);
CREATE INDEX ON products (category_id);
CREATE INDEX ON products (brand_id);

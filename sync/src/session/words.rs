//! The words and pictures of a code. Their order is part of the wire: both screens must show the same.

/// Short nouns that sound and look different from one another.
#[rustfmt::skip]
pub(super) const WORDS: [&str; 256] = [
    "acorn", "actor", "album", "almond", "amber", "anchor", "angle", "ankle", "apple", "apron", "arrow",
    "artist", "atlas", "autumn", "bacon", "badge", "bakery", "bamboo", "banana", "banjo", "barley",
    "barrel", "basin", "basket", "beach", "beacon", "beaver", "bell", "berry", "bicycle", "bishop",
    "blanket", "blossom", "boat", "bonfire", "book", "bottle", "boulder", "bowl", "bread", "breeze",
    "brick", "bridge", "broom", "brush", "bucket", "butter", "button", "cabin", "cactus", "cake", "camel",
    "camera", "candle", "canoe", "canyon", "captain", "carpet", "carrot", "castle", "cedar", "cellar",
    "cello", "chair", "chalk", "cheese", "cherry", "chess", "chimney", "cider", "circle", "citrus", "cliff",
    "clock", "clover", "coal", "coast", "coconut", "coffee", "comet", "compass", "copper", "coral", "corn",
    "cotton", "cousin", "crab", "cradle", "crane", "cricket", "crown", "crystal", "curtain", "daisy",
    "dancer", "desert", "diamond", "dinner", "doctor", "dolphin", "donkey", "dragon", "drawer", "drum",
    "eagle", "easel", "echo", "elbow", "elephant", "emerald", "engine", "evening", "falcon", "family",
    "farmer", "feather", "fence", "ferry", "fiddle", "field", "finger", "flag", "flame", "flute", "forest",
    "fossil", "fountain", "fox", "galaxy", "garden", "garlic", "ginger", "giraffe", "glacier", "glove",
    "goat", "grain", "granite", "grape", "guitar", "hammer", "harbor", "harvest", "hat", "helmet", "hill",
    "honey", "horizon", "horse", "hotel", "iceberg", "island", "ivory", "jacket", "jaguar", "jasmine",
    "jewel", "jungle", "kettle", "kitchen", "kite", "ladder", "lagoon", "lake", "lantern", "lemon",
    "leopard", "letter", "library", "lily", "lion", "lizard", "lobster", "magnet", "mango", "maple",
    "marble", "market", "meadow", "melon", "mill", "mirror", "monkey", "moon", "morning", "mountain",
    "museum", "mushroom", "needle", "nest", "night", "north", "nutmeg", "oasis", "ocean", "olive", "onion",
    "orange", "orchard", "oyster", "paddle", "palace", "panda", "paper", "parrot", "pasture", "peach",
    "peanut", "pebble", "pencil", "pepper", "piano", "pigeon", "pillow", "pilot", "planet", "plum",
    "pocket", "pond", "pony", "potato", "prairie", "puzzle", "quarry", "queen", "rabbit", "radio", "rain",
    "raven", "ribbon", "river", "rocket", "rose", "saddle", "salmon", "sandal", "scarf", "school", "shadow",
    "shell", "silver", "spoon", "squirrel", "sugar", "sunset", "swan", "tailor", "tiger", "tomato", "tower",
    "train", "tulip", "turtle", "valley", "velvet", "violin",
];

/// Pictures that every phone draws alike and everybody can name.
#[rustfmt::skip]
pub(super) const EMOJI: [&str; 64] = [
    "🐶", "🐱", "🐭", "🐰", "🦊", "🐻", "🐼", "🐯", "🦁", "🐮", "🐷", "🐸", "🐵", "🐔", "🐧", "🦆", "🦉", "🐴", "🐝",
    "🦋", "🐌", "🐢", "🐙", "🐳", "🌵", "🌲", "🌻", "🍄", "🌙", "⭐", "🔥", "🌈", "☂️", "⛄", "🍎", "🍌", "🍇", "🍓",
    "🍒", "🍋", "🥕", "🌽", "🍞", "🧀", "🍕", "🍩", "⚽", "🎸", "🥁", "🎈", "🎁", "🔑", "🔔", "⏰", "💡", "✂️", "🚗",
    "🚲", "⛵", "🚀", "🏠", "👑", "🎩", "👓",
];

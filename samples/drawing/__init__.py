"""How the sample stills are drawn: ink, faces, hair and clothes, and the cast that wears them."""

<?php echo "php ", getenv("APP_NAME"), " ", $_SERVER["REQUEST_URI"];

require('fs').writeFileSync('public/app.js', 'built')

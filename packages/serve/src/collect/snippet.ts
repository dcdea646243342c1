/**
 * What a page includes: `<script src="…/snippet.js" async></script>`. It sends a page_viewed, and `rta('added_to_cart', { product_id: … })` sends
 * more, in batches each second, at twenty events, and when the page goes. The user is `data-user`, else drawn once per browser.
 * At most 1,024 bytes (a test measures it), so that it costs a page nothing.
 */
export function snippet(path: string): string {
  return `(function(w,d,n){var s=d.currentScript,u=new URL(${JSON.stringify(path)},s.src).href,q=[],
i=function(k,t){try{var S=w[t+'Storage'];return S[k]||(S[k]=crypto.randomUUID())}catch(e){return'unknown'}},
f=function(){while(q.length){var b=q.slice(0,20);if(!n.sendBeacon(u,JSON.stringify({batch:b})))break;q=q.slice(20)}},
t=w.rta=function(e,p){if(q.length<500)q.push({event_type:e,timestamp:Date.now(),user_id:s.dataset.user||i('rta.u','local'),session_id:i('rta.s','session'),device:/Mobi/.test(n.userAgent)?'mobile':'desktop',url:w.location.href,properties:p||null});if(q.length>19)f()};
setInterval(f,1e3);w.addEventListener('pagehide',f);d.addEventListener('visibilitychange',f);t('page_viewed',{page_id:w.location.pathname})})(window,document,navigator)
`;
}

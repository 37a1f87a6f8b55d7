/* The entry form and the list: what the server makes is asked for here, nothing is decided here. */
(function () {
  "use strict";
})();

# Runs after an installation and after an upgrade, in both packages; `$1` differs and is not looked at.
if command -v systemd-sysusers >/dev/null 2>&1; then
  systemd-sysusers /usr/lib/sysusers.d/lmr.conf
elif ! getent passwd lmr >/dev/null; then
  groupadd --system lmr 2>/dev/null || true
  useradd --system --gid lmr --home-dir /var/lib/lmr --no-create-home --shell /usr/sbin/nologin lmr
fi
install -d -m 0750 -o root -g lmr /etc/lmr
install -d -m 0750 -o lmr -g lmr /var/lib/lmr
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # Only what runs; a first installation starts nothing, since there is no configuration yet.
  systemctl try-restart lmr-receiver.service lmr-sender.service
fi

-- Neovim (0.10 and later): findings, explanations (K) and completion in FHIR, in JSON and a resource a line. Into init.lua.
vim.filetype.add({ extension = { ndjson = "jsonl" } })
vim.api.nvim_create_autocmd("FileType", {
  pattern = { "json", "jsonl" },
  callback = function(args)
    -- Other JSON (package.json) is not FHIR, and would have a finding.
    local start = table.concat(vim.api.nvim_buf_get_lines(args.buf, 0, 200, false), "\n")
    if not start:find('"resourceType"', 1, true) then
      return
    end
    local root = vim.fs.root(args.buf, { ".lmr.toml", ".git" }) or vim.fn.getcwd()
    vim.lsp.start({ name = "lmr", cmd = { "lmr", "lsp" }, root_dir = root })
  end,
})
